import { fastifyEmitter, startEmitter } from '@taxameter/emitter/fastify';
import fastify from 'fastify';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * An API whose handler waits for what would be its database and answers with a list: with the emitter, which sends to the door
 * that is named, or without. Its parent asks it for the CPU time that it has used.
 */

const DATABASE_MS = 2;
const [door] = process.argv.slice(2);
const rows = Array.from({ length: 100 }, (_, index) => ({
  guid: `3fa85f64-${index}`,
  name: `Kunde ${index}`,
  city: 'København',
}));
const folder = mkdtempSync(join(tmpdir(), 'taxameter-bench-emitter-'));
const app = fastify();
const clients = new WeakMap<object, { readonly integrationId: string }>();

const emitter =
  door === undefined
    ? null
    : await startEmitter({
        url: door,
        token: 'a-token',
        source: '/gateway/bench',
        directory: folder,
        hashKey: 'a key of sixteen characters',
        feed: { token: 'a-token', gateway: 'bench' },
      });
if (emitter) {
  await app.register(fastifyEmitter, {
    emitter,
    identify: (request) => clients.get(request) ?? null,
  });
}

// Both know who calls: that is no work of the emitter.
app.addHook('onRequest', (request, _reply, next) => {
  clients.set(request, { integrationId: request.headers['x-client'] as string });
  next();
});

app.get('/v1/:organizationId/contacts', async () => {
  await sleep(DATABASE_MS);
  return rows;
});
app.get('/v1/:organizationId/busy', async () => rows);

const address = await app.listen({ port: 0, host: '127.0.0.1' });
process.send!({ address });
process.on('message', (message: 'cpu' | 'stop') => {
  if (message === 'cpu') process.send!({ cpu: process.cpuUsage(), stats: emitter?.stats() ?? null });
  else void end();
});

async function end(): Promise<void> {
  await app.close();
  await emitter?.close();
  process.send!({ stats: emitter?.stats() ?? null });
  rmSync(folder, { recursive: true, force: true });
  process.disconnect();
}
