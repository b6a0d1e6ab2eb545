import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { importAccessLog } from '@taxameter/emitter';
import { applySeed, parseSeed } from '@taxameter/partners';
import { callApi } from '../api-client.service.js';
import type { LocalAccess } from '../local-access.service.js';
import { DEMO } from './demo-inputs.service.js';

/** The demo's inputs into a running system, through the same doors as anybody's: the HTTP API. */

export type Progress = (line: string) => void;

const SETTLE_LIMIT_MS = 60_000;

export async function loadDemo(access: LocalAccess, progress: Progress): Promise<void> {
  const seed = await applySeed(parseSeed(readFileSync(DEMO.seed, 'utf8')), access, () => undefined);
  progress(`partners, integrations and agreements: ${seed.changed} written, ${seed.unchanged} unchanged`);
  const log = await importAccessLog({ file: DEMO.accessLog, door: access, shiftTo: DEMO.shiftLogTo });
  progress(`API log: ${log.lines} lines, ${log.accepted} calls accepted, ${log.unreadable} unreadable`);
  const sms = await importAccessLog({ file: DEMO.smsEvents, door: access, format: 'cloudevents' });
  progress(`SMS file: ${sms.lines} lines, ${sms.accepted} events accepted, ${sms.unreadable} unreadable`);
  await settled(access);
  progress('every event is counted, judged and booked');
}

interface Accounting {
  readonly partitions: readonly { readonly lag: number; readonly room: string; readonly topic: string }[];
  readonly outbox: readonly { readonly waiting: number }[];
}

/**
 * Waits until every room has read the log to its end, sent its facts on, and fair use has judged all it saw.
 * @throws Error after a minute, naming what still waits
 */
export async function settled(access: LocalAccess): Promise<void> {
  const deadline = Date.now() + SETTLE_LIMIT_MS;
  let quiet = 0;
  for (;;) {
    const accounting = await callApi<Accounting>(access, 'GET', '/v1/accounting');
    const fairUse = await callApi<{ dirty: number }>(access, 'GET', '/v1/fair-use/status');
    const waiting = {
      records: accounting.partitions.reduce((sum, partition) => sum + partition.lag, 0),
      facts: accounting.outbox.reduce((sum, room) => sum + room.waiting, 0),
      minutesToJudge: fairUse.dirty,
    };
    // Twice in a row: a fact that was just sent on is a record that somebody has yet to read.
    quiet = Object.values(waiting).every((count) => count === 0) ? quiet + 1 : 0;
    if (quiet === 2) return;
    if (Date.now() > deadline) throw new Error(`still working after a minute: ${JSON.stringify(waiting)}`);
    await sleep(50);
  }
}
