import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IntegrationStatus } from '@taxameter/contracts';
import type { Emitter } from './emitter.service.js';
import { startEmitter } from './emitter.service.js';
import type { Restriction } from './restrictions/decide.js';
import { startDoor } from './send/door.testing.js';
import type { EmitterSettings } from './settings.js';

/** What specs of the emitter need: folders, restrictions, a status feed over real HTTP. */

const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'taxameter-emitter-'));
  folders.push(folder);
  return folder;
}

export function removeFolders(): void {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export function restriction(more: Partial<Restriction> = {}): Restriction {
  return {
    restrictionId: 'rst_1',
    scope: 'integration',
    organizationIds: [],
    mode: 'block',
    limitPerMinute: more.mode === 'throttle' ? 2 : null,
    capability: 'all',
    reasonCode: 'load',
    clause: 'Fair use',
    note: { da: 'For mange kald.', en: 'Too many calls.' },
    endCondition: { da: 'Når der er færre.', en: 'When there are fewer.' },
    from: '2026-07-01T00:00:00.000Z',
    until: null,
    ...more,
  };
}

export function statusOf(
  restrictions: readonly Restriction[],
  more: Partial<IntegrationStatus> = {},
): IntegrationStatus {
  return {
    integrationId: 'isv_a',
    version: 1,
    revision: 1,
    status: [{ status: 'active', from: '2026-01-01T00:00:00.000Z' }],
    restrictions: [...restrictions],
    ...more,
  };
}

export interface TestFeed {
  readonly url: string;
  /** What was asked, the query of each request. */
  readonly asked: URLSearchParams[];
  publish: (record: IntegrationStatus) => void;
  /** The next answers, instead of the truth. */
  failures: number[];
  stop: () => Promise<void>;
}

/** `GET /v1/enforcement` with long poll, as Taxameter answers it. */
export async function startFeed(): Promise<TestFeed> {
  const records = new Map<string, IntegrationStatus>();
  const waiting = new Set<{ after: number; response: ServerResponse }>();
  let revision = 1;
  const since = (after: number) => [...records.values()].filter((record) => record.revision > after);
  const answer = (response: ServerResponse, isFull: boolean, integrations: IntegrationStatus[]) =>
    response.writeHead(200).end(JSON.stringify({ revision, isFull, integrations }));
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://feed');
    feed.asked.push(searchParams);
    const failure = feed.failures.shift();
    if (failure !== undefined) return response.writeHead(failure).end('{}');
    const after = searchParams.get('after');
    if (after === null) return answer(response, true, [...records.values()]);
    if (Number(after) > revision) return response.writeHead(410).end('{}');
    const changed = since(Number(after));
    if (changed.length > 0) return answer(response, false, changed);
    return waiting.add({ after: Number(after), response });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const feed: TestFeed = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    failures: [],
    publish: (record) => {
      revision += 1;
      records.set(record.integrationId, { ...record, revision });
      for (const one of waiting) answer(one.response, false, since(one.after));
      waiting.clear();
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return feed;
}

/** An emitter that sends to a door and follows a feed of its own. */
export async function startTestEmitter(more: Partial<EmitterSettings> = {}) {
  const door = await startDoor();
  const feed = await startFeed();
  const settings: EmitterSettings = {
    url: door.door.url,
    token: 'a-token',
    source: '/gateway/test',
    directory: temporaryFolder(),
    hashKey: 'a key of sixteen characters',
    feed: { token: 'b-token', gateway: 'test', url: feed.url },
    flushMs: 10,
    sendMs: 10,
    ...more,
  };
  const emitter = await startEmitter(settings);
  const stop = async () => {
    await emitter.close();
    await Promise.all([door.stop(), feed.stop()]);
  };
  return { emitter, door, feed, settings, stop };
}

/** Resolves when it is so; fails after ten seconds. */
export async function until(isSo: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 10_000; !isSo();) {
    if (Date.now() > deadline) throw new Error('it did not become so within ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export type TestEmitter = Awaited<ReturnType<typeof startTestEmitter>>;
export type { Emitter };
