import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { connect, type AddressInfo, type Socket } from 'node:net';
import type { Problem } from '../http/problem.js';
import { cleanedUpAfterEach, untilTrue } from '../event-log/contract/kafka-rooms.testing.js';
import { EventStreams, type EventStream, type EventStreamsOptions } from './event-streams.service.js';
import { eventText } from './event-text.js';

/** Over real connections: what a client reads, and what becomes of one that does not. */

const after = cleanedUpAfterEach();

/** A server that takes every connection into the streams, or answers with what refused it. */
async function serve(options: Partial<EventStreamsOptions> = {}) {
  const streams = new EventStreams({ mostUnreadBytes: 100_000, ...options });
  const opened: EventStream[] = [];
  const ended: EventStream[] = [];
  const server = createServer((_, raw: ServerResponse) => {
    try {
      const stream = streams.open({ hijack: () => undefined, raw }, () => ended.push(stream));
      opened.push(stream);
    } catch (error) {
      const { status, headers } = error as Problem;
      raw.writeHead(status, headers).end((error as Problem).detail);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return { streams, opened, ended, server, port: (server.address() as AddressInfo).port };
}

async function read(port: number) {
  const leave = new AbortController();
  after(() => leave.abort());
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: leave.signal });
  const { headers, status } = response;
  let text = '';
  const isEnded = (async () => {
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>)
      text += new TextDecoder().decode(chunk);
    return true;
  })().catch(() => false);
  return { headers, status, text: () => text, isEnded, leave: () => leave.abort() };
}

describe('streams of events', () => {
  it('say at once that the client is connected, and carry events through proxies unheld', async () => {
    const { opened, port } = await serve();
    const { headers, text } = await read(port);
    await untilTrue(() => text().includes(': connected\n\n'));
    opened[0]!.send(eventText('usage', 7, { line: 'one\ntwo' }));
    await untilTrue(() => text().endsWith('event: usage\nid: 7\ndata: {"line":"one\\ntwo"}\n\n'));
    expect(headers.get('content-type')).toContain('text/event-stream');
    expect([headers.get('cache-control'), headers.get('x-accel-buffering')]).toEqual(['no-store', 'no']);
  });

  it('beat while nothing happens, and end when their time is over', async () => {
    const { port, ended } = await serve({ heartbeatMs: 20, lifetimeMs: 300 });
    const { text, isEnded } = await read(port);
    expect(await isEnded).toBe(true);
    expect(text().match(/: alive\n\n/g)!.length).toBeGreaterThan(2);
    await untilTrue(() => ended.length === 1);
  });

  it('give no place to a client that went away before it was its turn', async () => {
    const streams = new EventStreams({ mostUnreadBytes: 1_000, mostClients: 1 });
    const gone: unknown[] = [];
    const server = createServer((_, raw) => {
      // As a route that asks the database first, and is slower than its client is patient.
      raw.on('close', () => {
        try {
          streams.open({ hijack: () => undefined, raw }, () => undefined);
        } catch (error) {
          gone.push(error);
        }
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    after(() => server.close());
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    await once(client, 'connect');
    setTimeout(() => client.destroy(), 50);
    await untilTrue(() => gone.length === 1);
    expect(gone).toMatchObject([{ status: 503 }]);
  });

  it('drop a client that does not read, and no other', async () => {
    const { opened, ended, port } = await serve({ mostUnreadBytes: 1_000_000 });
    const reader = await read(port);
    const deaf: Socket = connect(port, '127.0.0.1').pause();
    after(() => deaf.destroy());
    deaf.write('GET / HTTP/1.1\r\nHost: here\r\n\r\n');
    await untilTrue(() => opened.length === 2);
    const text = eventText('usage', 1, 'x'.repeat(100_000));
    let sent = 0;
    await untilTrue(() => {
      for (const stream of opened) stream.send(text);
      sent += 1;
      return ended.length > 0;
    });
    expect(ended).toEqual([opened[1]]);
    await untilTrue(() => reader.text().split('event: usage').length === sent + 1);
  });

  it('have so many places, and give one that was left to the next', async () => {
    const { opened, ended, port } = await serve({ mostClients: 2 });
    const first = await read(port);
    await read(port);
    const third = await read(port);
    expect([third.status, third.headers.get('retry-after')]).toEqual([503, '5']);
    first.leave();
    await untilTrue(() => ended.length === 1);
    expect([(await read(port)).status, opened.length]).toEqual([200, 3]);
  });

  it('end when they are closed, let the server close, and let nobody in any more', async () => {
    const { streams, server, port, ended } = await serve();
    const { isEnded } = await read(port);
    streams.close();
    expect(await isEnded).toBe(true);
    expect((await read(port)).status).toBe(503);
    await untilTrue(() => ended.length === 1);
    server.close();
    await once(server, 'close');
  });
});
