import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Door } from './post-batch.service.js';

/** A door over real HTTP for tests: takes batches as the contract says, and fails when a test tells it to. */

export interface TestDoor {
  readonly door: Door;
  /** Accepted events, in order of arrival. */
  readonly events: unknown[];
  /** Bodies of all attempts. */
  readonly bodies: string[];
  readonly headers: Record<string, unknown>[];
  requests: number;
  /** The answer to the next attempts instead of 202; `hang up` breaks the connection. */
  failures: (number | 'hang up')[];
  answer: string | null;
  delayMs: number;
  mostAtOnce: number;
  rejectWhen: (event: unknown) => string | null;
  /** Bodies that are answered with 400, as those that are not JSON. */
  isBroken: (body: string) => boolean;
  /** Bodies that a proxy in front of the door answers with 413. */
  isTooLarge: (body: string) => boolean;
  stop: () => Promise<void>;
}

const NOT_JSON = JSON.stringify({
  type: 'urn:taxameter:problem:not-json',
  status: 400,
  detail: 'the body is not JSON in UTF-8',
});

export async function startDoor(): Promise<TestDoor> {
  let atOnce = 0;
  const server = createServer((request, response) => {
    atOnce += 1;
    test.requests += 1;
    test.mostAtOnce = Math.max(test.mostAtOnce, atOnce);
    test.headers.push({ ...request.headers, url: request.url });
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString();
      test.bodies.push(body);
      setTimeout(() => {
        atOnce -= 1;
        const failure = test.failures.shift();
        if (failure === 'hang up') request.socket.destroy();
        else if (failure !== undefined) response.writeHead(failure).end('{"detail":"told to fail"}');
        else if (test.isTooLarge(body)) response.writeHead(413).end('<html>too large</html>');
        else if (test.isBroken(body)) response.writeHead(400).end(NOT_JSON);
        else response.writeHead(202).end(test.answer ?? JSON.stringify(take(JSON.parse(body) as unknown[])));
      }, test.delayMs);
    });
  });
  const take = (events: unknown[]) => {
    const rejected = events.flatMap((event, index) => {
      const reason = test.rejectWhen(event);
      if (reason === null) test.events.push(event);
      return reason === null ? [] : [{ index, field: 'data.route', reason }];
    });
    return { accepted: events.length - rejected.length, rejected };
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const retry = { attempts: 4, firstWaitMs: 1, longestWaitMs: 5, timeoutMs: 10_000 };
  const test: TestDoor = {
    door: { url, token: 'a-token', retry },
    events: [],
    bodies: [],
    headers: [],
    requests: 0,
    failures: [],
    answer: null,
    delayMs: 0,
    mostAtOnce: 0,
    rejectWhen: () => null,
    isBroken: () => false,
    isTooLarge: () => false,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return test;
}
