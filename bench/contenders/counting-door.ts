import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A door that takes every event, and a status feed that restricts somebody else. */

const restricted = {
  integrationId: 'isv_restricted',
  version: 1,
  revision: 1,
  status: [{ status: 'deactivated', from: '2026-01-01T00:00:00.000Z' }],
  restrictions: [],
};
let events = 0;

const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method === 'GET') {
      const isPoll = request.url!.includes('after=');
      if (isPoll) setTimeout(() => response.writeHead(304).end(), 30_000).unref();
      else response.end(JSON.stringify({ revision: 1, isFull: true, integrations: [restricted] }));
      return;
    }
    const accepted = Buffer.concat(chunks).toString('latin1').split('"specversion"').length - 1;
    events += accepted;
    response.writeHead(202).end(JSON.stringify({ accepted, rejected: [] }));
  });
});
server.listen(0, '127.0.0.1', () => {
  process.send!({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
});
process.on('message', () => {
  process.send!({ events });
  server.closeAllConnections();
  server.close();
  process.disconnect();
});
