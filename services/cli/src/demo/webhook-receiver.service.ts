import { createServer } from 'node:http';
import { createHmac, timingSafeEqual } from 'node:crypto';

/**
 * The other end of a webhook, as an ops team would write it: checks the Standard Webhooks signature before it believes a word.
 */
export interface WebhookReceiver {
  readonly url: string;
  /** Payload types of the deliveries whose signature was right, in order of arrival. */
  readonly received: string[];
  readonly refused: number;
  trust(secret: string): void;
  close(): Promise<void>;
}

const TOLERANCE_SECONDS = 300;

/** `nowSeconds` is the clock that the sender signs with. */
export async function startWebhookReceiver(nowSeconds: () => number): Promise<WebhookReceiver> {
  const received: string[] = [];
  let refused = 0;
  let secret = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString('utf8');
      const id = String(request.headers['webhook-id']);
      const timestamp = String(request.headers['webhook-timestamp']);
      const signatures = String(request.headers['webhook-signature']).split(' ');
      const isFresh = Math.abs(nowSeconds() - Number(timestamp)) <= TOLERANCE_SECONDS;
      if (
        isFresh &&
        signatures.some((signature) => isSignatureOf(signature, `${id}.${timestamp}.${body}`, secret))
      ) {
        received.push((JSON.parse(body) as { type: string }).type);
        response.writeHead(204).end();
      } else {
        refused += 1;
        response.writeHead(401).end();
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}/alerts`,
    received,
    get refused() {
      return refused;
    },
    trust: (shared) => {
      secret = shared;
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

function isSignatureOf(signature: string, content: string, secret: string): boolean {
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
  const expected = Buffer.from(`v1,${createHmac('sha256', key).update(content).digest('base64')}`);
  const given = Buffer.from(signature);
  return given.length === expected.length && timingSafeEqual(given, expected);
}
