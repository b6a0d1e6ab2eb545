import { z } from 'zod';
import type { RouteDefinition, RouteWebhook } from './route.js';

/** The OpenAPI 3.1 document of a set of routes, from the same values that check each request. */
export function openApiDocument(
  routes: readonly RouteDefinition[],
  version: string,
): Record<string, unknown> {
  const paths: Record<string, Record<string, unknown>> = {};
  const sorted = [...routes].sort((left, right) =>
    left.path + left.method < right.path + right.method ? -1 : 1,
  );
  for (const route of sorted) {
    const path = route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Taxameter',
      version,
      description: 'Counts what each partner integration uses, judges fair use, and invoices SMS.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: PROBLEM },
    },
  };
}

const PROBLEM = {
  type: 'object',
  description: 'RFC 9457 problem details',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { field: { type: 'string' }, reason: { type: 'string' } } },
    },
  },
};

function operation(route: RouteDefinition): Record<string, unknown> {
  const isPublic = route.roles === 'public';
  const parameters = [...parametersOf('path', route.params), ...parametersOf('query', route.query)];
  if (route.command) {
    parameters.push({
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description: 'The same key with the same request gives the first answer again.',
      schema: { type: 'string', maxLength: 255 },
    });
  }
  return {
    operationId: operationId(route),
    summary: route.summary,
    ...(route.description ? { description: route.description } : {}),
    tags: [route.path.split('/')[2] ?? 'health'],
    security: isPublic ? [] : [{ token: [] }],
    ...(isPublic ? {} : { 'x-roles': [...new Set([...route.roles, 'admin'])] }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...requestBody(route),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.responses).map(([status, response]) => [status, responseOf(response)]),
      ),
      default: {
        description: 'What went wrong, as problem details',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
    ...(route.webhooks ? { callbacks: callbacksOf(route.webhooks) } : {}),
  };
}

/** Webhooks as OpenAPI has them: requests to an address that the caller gave. */
function callbacksOf(webhooks: Readonly<Record<string, RouteWebhook>>) {
  return Object.fromEntries(Object.entries(webhooks).map(([name, webhook]) => [name, callback(webhook)]));
}

function callback({ description, schema }: RouteWebhook) {
  const request = {
    description,
    parameters: WEBHOOK_HEADERS,
    requestBody: { required: true, content: { 'application/json': { schema: schemaOf(schema, 'output') } } },
    responses: { '2XX': { description: 'It was taken' }, '410': { description: 'Send no more' } },
  };
  return { '{$request.body#/url}': { post: request } };
}

const WEBHOOK_HEADERS = Object.entries({
  'webhook-id': 'the same on every attempt',
  'webhook-timestamp': 'seconds since 1970, of the attempt',
  'webhook-signature': 'v1,… as Standard Webhooks has it; several are separated by a blank',
}).map(([name, description]) => ({
  name,
  in: 'header',
  required: true,
  description,
  schema: { type: 'string' },
}));

function operationId(route: RouteDefinition): string {
  const words = route.path
    .split('/')
    .filter(Boolean)
    .map((word) => word.replace(/^:/, 'by-').replace(/^v\d+$/, ''));
  return [route.method.toLowerCase(), ...words.filter(Boolean)].join('-').replaceAll(/[^a-z0-9-]/gi, '-');
}

function requestBody(route: RouteDefinition) {
  if (route.rawBody) {
    const schema = route.body ? schemaOf(route.body) : {};
    return {
      requestBody: {
        required: true,
        content: Object.fromEntries(route.rawBody.contentTypes.map((type) => [type, { schema }])),
      },
    };
  }
  return route.body
    ? { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(route.body) } } } }
    : {};
}

function responseOf(response: RouteDefinition['responses'][number]) {
  if (!response.schema && !response.contentType) return { description: response.description };
  const schema = response.schema ? schemaOf(response.schema, 'output') : { type: 'string' };
  return {
    description: response.description,
    content: {
      [response.contentType ?? 'application/json']: { schema },
      ...Object.fromEntries((response.alsoAs ?? []).map((type) => [type, { schema: { type: 'string' } }])),
    },
  };
}

function parametersOf(place: 'path' | 'query', schema: z.ZodType | undefined): Record<string, unknown>[] {
  if (!schema) return [];
  const { properties = {}, required = [] } = schemaOf(schema) as {
    properties?: Record<string, Record<string, unknown>>;
    required?: string[];
  };
  return Object.entries(properties).map(([name, property]) => {
    const { description, ...rest } = property;
    return {
      name,
      in: place,
      required: place === 'path' || required.includes(name),
      ...(description ? { description } : {}),
      schema: rest,
    };
  });
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output' = 'input'): Record<string, unknown> {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
