import { createReadStream } from 'node:fs';
import { createHash } from 'node:crypto';
import { createInterface } from 'node:readline';
import { readLine, type SentLine } from '../load/sent-file.js';
import { differencesOf, Expectation, MEASURES, type Counts } from './expect.js';

/** Holds the usage API against the file of what was sent. */
export interface Comparison {
  readonly sent: number;
  readonly distinct: number;
  readonly rows: number;
  readonly differences: readonly string[];
}

/** Ids in memory at once, about 150 bytes each; the file is read again for the next share. */
const IDS_AT_ONCE = 2_000_000;
const PAGE = 500;
const DAY_MS = 86_400_000;

/** @throws Error when the API answers anything but 200, SyntaxError for a broken file */
export async function compare(file: string, api: { url: string; token: string }): Promise<Comparison> {
  const expectation = new Expectation();
  let [sent, distinct, firstMs, lastMs] = [0, 0, Infinity, -Infinity];
  for await (const line of linesOf(file)) {
    sent += 1;
    const timeMs = Date.parse(line.time);
    firstMs = Math.min(firstMs, timeMs);
    lastMs = Math.max(lastMs, timeMs);
  }
  const shares = Math.max(1, Math.ceil(sent / IDS_AT_ONCE));
  for (let share = 0; share < shares; share += 1) {
    const seen = new Map<string, { line: SentLine; sure: boolean }>();
    for await (const line of linesOf(file)) {
      if (line.outcome === 'failed') continue;
      const identity = line.kind === 'sms' ? line.id : `${line.source}\0${line.id}`;
      if (shares > 1 && shareOf(identity) % shares !== share) continue;
      const known = seen.get(identity);
      if (!known) seen.set(identity, { line, sure: line.outcome === 'ok' });
      else if (line.outcome === 'ok') known.sure = true;
    }
    for (const { line, sure } of seen.values()) expectation.add(line, sure);
    distinct += seen.size;
  }
  const found = sent === 0 ? new Map<string, Counts>() : await usageBetween(api, firstMs, lastMs);
  const differences = differencesOf(expectation.rows, found);
  return { sent, distinct, rows: expectation.rows.size, differences };
}

async function* linesOf(file: string): AsyncGenerator<SentLine> {
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
    if (line !== '') yield readLine(line);
  }
}

function shareOf(identity: string): number {
  return createHash('md5').update(identity).digest().readUInt32BE(0);
}

interface Page {
  readonly items: readonly (Counts & {
    readonly windowStart: string;
    readonly integrationId: string;
    readonly organizationId: string | null;
  })[];
  readonly nextCursor: string | null;
}

async function usageBetween(
  { url, token }: { url: string; token: string },
  firstMs: number,
  lastMs: number,
): Promise<Map<string, Counts>> {
  const day = new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Copenhagen' });
  const range = { from: day.format(firstMs), to: day.format(lastMs + DAY_MS) };
  const found = new Map<string, Counts>();
  for (let cursor: string | null = ''; cursor !== null;) {
    const query = new URLSearchParams({
      ...{ granularity: 'day', groupBy: 'integration,agreement', limit: String(PAGE), ...range },
      ...(cursor && { cursor }),
    });
    const response = await fetch(`${url}/v1/usage?${query}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    if (response.status !== 200)
      throw new Error(`${url}/v1/usage answers ${response.status}: ${await response.text()}`);
    const page = (await response.json()) as Page;
    for (const item of page.items) {
      const key = `${day.format(new Date(item.windowStart))}|${item.integrationId}|${item.organizationId ?? ''}`;
      found.set(
        key,
        Object.fromEntries(MEASURES.map((measure) => [measure, item[measure]])) as unknown as Counts,
      );
    }
    cursor = page.nextCursor;
  }
  return found;
}
