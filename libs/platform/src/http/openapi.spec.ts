import { apiDocumentOf } from '../start-rooms.service.js';
import { httpProbeRoom } from './http-probe-room.testing.js';

interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly security: object[];
  readonly 'x-roles'?: string[];
  readonly parameters?: { name: string; in: string; required: boolean; schema: object }[];
  readonly requestBody?: { content: Record<string, { schema: Record<string, unknown> }> };
  readonly responses: Record<string, { description: string }>;
  readonly callbacks?: Record<string, Record<string, { post: Webhook }>>;
}

interface Webhook {
  readonly parameters: { name: string }[];
  readonly requestBody: { content: Record<string, { schema: Record<string, unknown> }> };
}

const document = apiDocumentOf([httpProbeRoom]) as {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
};
const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
  Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
);
const named = (path: string, method: string) => document.paths[path]![method]!;

describe('the OpenAPI document', () => {
  it('is 3.1 with title, version and every route of platform and room', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.info).toMatchObject({
      title: 'Taxameter',
      version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    });
    expect(operations.map(({ method, path }) => `${method} ${path}`)).toEqual(
      expect.arrayContaining([
        'get /health/ready',
        'get /v1/openapi.json',
        'delete /v1/tokens/{tokenId}',
        'post /v1/consumers/decisions',
        'post /v1/probe/things',
      ]),
    );
  });

  it('has no reference that leads nowhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      ([, target]) => target!,
    );
    expect(references.length).toBeGreaterThan(0);
    for (const reference of references) {
      const target = reference
        .replace(/^#\//, '')
        .split('/')
        .reduce<unknown>((value, step) => (value as Record<string, unknown> | undefined)?.[step], document);
      expect([reference, typeof target]).toEqual([reference, 'object']);
    }
  });

  it('declares exactly the parameters that stand in each path, as required', () => {
    for (const { path, operation } of operations) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect([path, declared.map(({ name }) => name)]).toEqual([path, inPath]);
      expect(declared.every(({ required }) => required)).toBe(true);
      expect(path).not.toMatch(/:/);
    }
  });

  it('gives every operation an id of its own, a summary, and an answer for errors', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { operation } of operations) {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z0-9-]+$/);
      expect(operation.summary).not.toBe('');
      expect(Object.keys(operation.responses)).toContain('default');
      expect(Object.values(operation.responses).every(({ description }) => description !== '')).toBe(true);
    }
  });

  it('says which roles may call, always admin too, and that public routes need no token', () => {
    expect(named('/v1/probe/things', 'get')).toMatchObject({
      security: [{ token: [] }],
      'x-roles': ['ops', 'partner', 'admin'],
    });
    expect(named('/health/live', 'get').security).toEqual([]);
    for (const { operation } of operations)
      expect(operation.security.length === 0).toBe(operation['x-roles'] === undefined);
  });

  it('offers the idempotency key at commands only', () => {
    const takesKey = operations
      .filter(({ operation }) => operation.parameters?.some(({ name }) => name === 'Idempotency-Key'))
      .map(({ method, path }) => `${method} ${path}`);
    expect(takesKey).toEqual([
      'post /v1/consumers/decisions',
      'post /v1/probe/things',
      'post /v1/quarantine/discard',
      'post /v1/quarantine/reopen',
      'post /v1/quarantine/replay',
    ]);
  });

  it('describes the webhooks that a command brings about, with the headers that are signed', () => {
    expect(Object.keys(named('/v1/probe/things', 'post').callbacks ?? {})).toEqual(['thing']);
    const webhook = named('/v1/probe/things', 'post').callbacks!['thing']!['{$request.body#/url}']!.post;
    expect(webhook.parameters.map(({ name }) => name)).toEqual([
      'webhook-id',
      'webhook-timestamp',
      'webhook-signature',
    ]);
    expect(webhook.requestBody.content['application/json']!.schema['required']).toEqual(['type', 'thing']);
    expect(named('/v1/probe/things', 'get').callbacks).toBeUndefined();
  });

  it('describes what may be sent: a field with a default need not be', () => {
    const { schema } = named('/v1/probe/things', 'post').requestBody!.content['application/json']!;
    expect(schema['required']).toEqual(['name']);
    const limit = named('/v1/probe/things', 'get').parameters!.find(({ name }) => name === 'limit');
    expect(limit).toMatchObject({ in: 'query', required: false, schema: { maximum: 500 } });
  });
});
