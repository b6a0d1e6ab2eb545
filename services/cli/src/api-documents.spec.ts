import { readFileSync } from 'node:fs';
import { apiDocuments } from './api-documents.command.js';

/** The committed documents against the code, for all rooms. */

interface Operation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly 'x-roles'?: readonly string[];
  readonly parameters?: readonly { name: string; in: string }[];
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
}

describe('the API documents', () => {
  it.each([...apiDocuments().keys()])('%s in docs/api is what the code says now', (name) => {
    const committed = readFileSync(new URL(`../../../docs/api/${name}`, import.meta.url), 'utf8');
    // On a difference: npm run api-documents
    expect(committed).toBe(apiDocuments().get(name));
  });

  const document = JSON.parse(apiDocuments().get('openapi.json')!) as OpenApi;
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ where: `${method} ${path}`, path, operation })),
  );

  it('gives every operation of every room an id of its own', () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(ids).toEqual([...new Set(ids)]);
    expect(document.openapi).toBe('3.1.0');
  });

  it('declares each parameter of each path', () => {
    for (const { where, path, operation } of operations) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const declared = (operation.parameters ?? []).filter((one) => one.in === 'path').map((one) => one.name);
      expect([where, declared.sort()]).toEqual([where, named.sort()]);
    }
  });

  it('leaves without a role only health, sign-in, the pages, applying and this description', () => {
    const open = operations
      .filter(({ operation }) => operation.security.length === 0)
      .map(({ path }) => path);
    expect(open.sort()).toEqual([
      '/',
      '/afproevning',
      '/ansoegning',
      '/assets/{file}',
      '/health/live',
      '/health/ready',
      '/integrationer/{integrationId}',
      '/partnere/{partnerId}',
      '/sager/{breachId}',
      '/v1/applications',
      // These ask for the secret of the application.
      '/v1/applications/{applicationId}/for-applicant',
      '/v1/applications/{applicationId}/for-applicant/change',
      '/v1/applications/{applicationId}/for-applicant/withdraw',
      '/v1/openapi.json',
      '/v1/session',
    ]);
    for (const { where, operation } of operations.filter(
      ({ path, operation }) => operation.security.length > 0 || !open.includes(path),
    )) {
      expect([where, operation['x-roles']?.length]).not.toEqual([where, 0]);
    }
  });
});
