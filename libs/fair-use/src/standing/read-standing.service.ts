import type { Clock } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { policiesUnder } from '../back-test/policies-under.service.js';
import { modeOf } from '../policy/policy.js';
import { versionInForce } from '../policy/policies.js';
import { readVersions } from '../policy/policy-book.service.js';
import { MINUTE_MS } from '../signals/minute.js';
import { lastDays } from './days.js';
import { measureDay } from './measure-day.service.js';
import { countDays, keepDays, readKept, type CountedDay } from './standing-store.service.js';
import { standingOf, type Reached, type RuleStanding } from './standing.js';

/** Reads the standing of an integration: what was measured before, and the days that were not, as many as there is time for. */

export interface Standing {
  readonly policyVersion: number;
  readonly from: string;
  readonly through: string;
  readonly complete: boolean;
  readonly truncated: boolean;
  readonly rules: readonly RuleStanding[];
}

/** Who asks waits no longer than about this; the next question goes on. */
const BUDGET_MS = 500;

/** @param seenFrom days that begin before this minute are left out */
export async function readStanding(
  tx: EntityManager,
  integrationId: string,
  seenFrom: number,
  clock: Clock,
): Promise<Standing> {
  const now = clock.now();
  const all = lastDays(now);
  const days = all.filter(({ from }) => from >= seenFrom);
  const { version, document } = versionInForce(await readVersions(tx), now)!;
  const policies = policiesUnder(document);
  const counted = days.length === 0 ? [] : await countDays(tx, integrationId, days);
  const reached = new Map<number, readonly Reached[]>(
    (await readKept(tx, integrationId, version, counted)).map((day) => [day.starts, day.reached]),
  );
  // The newest first: what was a month ago can wait.
  const missing = counted.filter(({ from }) => !reached.has(from)).reverse();
  for (const day of missing) {
    if (day.agreementIds.length > 0 && clock.now().getTime() - now.getTime() > BUDGET_MS) continue;
    const found =
      day.agreementIds.length > 0 ? await measureDay(tx, integrationId, policies, day) : ([] as const);
    reached.set(day.from, found);
  }
  const fresh = missing.flatMap((day) => {
    const found = reached.get(day.from);
    return found ? [{ ...day, reached: found }] : [];
  });
  if (fresh.length > 0) await keepDays(tx, integrationId, version, fresh, all[0]!.from);
  const minute = Math.floor(now.getTime() / MINUTE_MS);
  const present = policies.at(integrationId, '', minute);
  const measuredDays = counted.map((day: CountedDay) => ({ ...day, reached: reached.get(day.from) ?? null }));
  return {
    policyVersion: version,
    from: (days[0] ?? all.at(-1)!).day,
    through: all.at(-1)!.day,
    complete: measuredDays.every((day) => day.reached !== null),
    truncated: measuredDays.some(({ isTruncated }) => isTruncated),
    rules: standingOf(measuredDays, (ruleId) => modeOf(present, ruleId) === 'on'),
  };
}
