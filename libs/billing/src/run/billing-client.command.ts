import { setTimeout as sleep } from 'node:timers/promises';
import type { InvoiceSummary } from '../issue/invoice-answers.js';
import type { RunView } from './run-answers.js';

/** Billing over HTTP as its commands use it: the same routes that a person's page calls. */

/** Where Taxameter answers, and a token with role finance. */
export interface BillingDoor {
  readonly url: string;
  readonly token: string;
}

export interface RunQuarterDoor extends BillingDoor {
  /** Runs a quarter before its grace period is over; the reason goes to the audit. */
  readonly override?: string;
}

/** Refused or failed; the message is the server's sentence, which says what to do. */
export class BillingRefused extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly problem: Readonly<Record<string, unknown>>,
  ) {
    super(message);
  }
}

const POLL_MS = 150;
const REQUEST_TIMEOUT_MS = 60_000;
const STANDSTILL_MS = 120_000;
const PAGE = 500;

/**
 * The quarter's run: a new preview, or the run that the quarter has already.
 * @throws BillingRefused
 */
export async function openRun(quarter: string, door: RunQuarterDoor): Promise<RunView> {
  const override = door.override === undefined ? {} : { override: { reason: door.override } };
  try {
    return await request<RunView>(door, 'POST', '/v1/billing/runs', { quarter, ...override });
  } catch (error) {
    const runId =
      error instanceof BillingRefused && error.status === 409 ? error.problem['runId'] : undefined;
    if (typeof runId !== 'string') throw error;
    return readRunOf(door, runId);
  }
}

export async function approveRunOf(door: BillingDoor, runId: string): Promise<RunView> {
  return request<RunView>(door, 'POST', `/v1/billing/runs/${runId}/approve`);
}

/**
 * Issues an approved run and waits until each partner has its invoice or a failure, and every document is
 * stored.
 * @throws BillingRefused when nothing has moved for two minutes
 */
export async function issueRunOf(
  door: BillingDoor,
  runId: string,
  progress: (line: string) => void,
): Promise<RunView> {
  await request<RunView>(door, 'POST', `/v1/billing/runs/${runId}/issue`);
  let shown = '';
  let movedAtMs = performance.now();
  while (true) {
    const run = await readRunOf(door, runId);
    const standing = standingOf(run);
    if (standing !== shown) {
      progress(standing);
      shown = standing;
      movedAtMs = performance.now();
    }
    if (run.status.startsWith('completed') && !isDrawing(run)) return run;
    if (performance.now() - movedAtMs > STANDSTILL_MS) {
      const detail = `the run ${runId} stands still (${standing}): the server's log says why`;
      throw new BillingRefused(detail, 504, { runId });
    }
    await sleep(POLL_MS);
  }
}

/**
 * Previews, approves and issues a quarter and waits for the documents; takes up a run that was left half way,
 * and only reports a completed one.
 * @returns every invoice of the quarter, by number
 * @throws BillingRefused
 */
export async function runQuarter(
  quarter: string,
  door: RunQuarterDoor,
  progress: (line: string) => void = () => undefined,
): Promise<InvoiceSummary[]> {
  let run = await openRun(quarter, door);
  progress(`${quarter}: ${run.partners.length} partners, ${run.totals.billed} SMS, ${run.totals.gross} DKK`);
  if (run.status === 'draft') run = await approveRunOf(door, run.runId);
  if (run.status !== 'completed' || isDrawing(run)) await issueRunOf(door, run.runId, progress);
  return invoicesOf(door, quarter);
}

export async function invoicesOf(door: BillingDoor, quarter: string): Promise<InvoiceSummary[]> {
  const found: InvoiceSummary[] = [];
  let cursor: string | null = null;
  do {
    const after: string = cursor === null ? '' : `&cursor=${cursor}`;
    const path = `/v1/invoices?quarter=${quarter}&limit=${PAGE}${after}`;
    const page: { items: InvoiceSummary[]; nextCursor: string | null } = await request(door, 'GET', path);
    found.push(...page.items);
    cursor = page.nextCursor;
  } while (cursor !== null);
  return found.sort((a, b) => Number(a.number) - Number(b.number));
}

function readRunOf(door: BillingDoor, runId: string): Promise<RunView> {
  return request<RunView>(door, 'GET', `/v1/billing/runs/${runId}`);
}

function isDrawing(run: RunView): boolean {
  return run.partners.some(({ documents }) => documents === 'being_drawn');
}

function standingOf({ status, partners, partnersByStatus }: RunView): string {
  const issued = partnersByStatus['issued'] ?? 0;
  const waiting = partnersByStatus['approved'] ?? 0;
  const drawn = partners.filter(({ documents }) => documents === 'ready').length;
  return `${status}: ${issued} of ${issued + waiting} invoices issued, ${drawn} with documents`;
}

async function request<Answer>(
  { url, token }: BillingDoor,
  method: 'GET' | 'POST',
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new BillingRefused(`Taxameter does not answer at ${url}: is it running?`, 503, { cause });
  });
  const answer = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  if (response.ok) return answer as Answer;
  const detail = typeof answer['detail'] === 'string' ? answer['detail'] : `status ${response.status}`;
  throw new BillingRefused(detail, response.status, answer);
}
