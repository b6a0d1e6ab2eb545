import { fastifyEmitter, startEmitter } from '@taxameter/emitter/fastify';
import fastify from 'fastify';
import { randomUUID } from 'node:crypto';

/** A small accounting API that is metered: README.md says how to run it. What Taxameter needs is between the two lines. */

const { env } = process;
const callers = new WeakMap<object, { readonly clientId: string }>();
const app = fastify();

// ------------------------------------------------------------------------------------------------------------------------
const emitter = await startEmitter({
  url: env['TAXAMETER_URL'] ?? 'http://127.0.0.1:3000',
  token: env['INGEST_TOKEN'] ?? '',
  source: '/gateway/example',
  directory: env['EMITTER_DIR'] ?? 'data/example-emitter',
  hashKey: env['HASH_KEY'] ?? 'only for an example, never in production',
  feed: { token: env['GATEWAY_TOKEN'] ?? '', gateway: 'example' },
});
await app.register(fastifyEmitter, {
  emitter,
  identify: (request) => {
    const caller = callers.get(request);
    return caller ? { integrationId: caller.clientId } : null;
  },
  ignore: (request) => request.url === '/emitter',
});
// ------------------------------------------------------------------------------------------------------------------------

// Instead of real authentication, the token is the client id: `authorization: Bearer isv_eksempel`.
app.addHook('onRequest', async (request, reply) => {
  const clientId = /^Bearer ([\w-]{1,100})$/.exec(request.headers.authorization ?? '')?.[1];
  if (clientId !== undefined) callers.set(request, { clientId });
  else if (request.url !== '/emitter') await reply.code(401).send({ title: 'A bearer token is needed' });
});

app.get('/emitter', () => emitter.stats());

app.get('/v1/:organizationId/contacts', () => [{ guid: '3fa85f64', name: 'Ole Olsen' }]);

app.get('/v1/:organizationId/contacts/:guid', () => ({ guid: '3fa85f64', name: 'Ole Olsen' }));

app.post<{ Params: { organizationId: string; voucherGuid: string }; Body: { receiverPhoneNumber: string } }>(
  '/v1/:organizationId/sms/:voucherGuid/send-sms',
  async (request) => {
    // Here the carrier takes the SMS; then it is on disk before the partner gets its answer.
    const messageId = await emitter.emitSms({
      messageId: `sms_${randomUUID()}`,
      integrationId: callers.get(request)!.clientId,
      organizationId: request.params.organizationId,
      channel: 'send_sms',
      recipient: request.body.receiverPhoneNumber,
      encoding: 'GSM7',
      characters: 120,
      segments: 1,
    });
    return { messageId };
  },
);

process.once('SIGTERM', () => void app.close().then(() => emitter.close()));
process.once('SIGINT', () => void app.close().then(() => emitter.close()));
process.stdout.write(`example on ${await app.listen({ port: Number(env['PORT'] ?? 3100) })}\n`);
