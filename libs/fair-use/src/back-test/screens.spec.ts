import { sampleSms } from '@taxameter/contracts/testing';
import fc from 'fast-check';
import { at, first, policy, rowsOf, usageSignalsOf, type UsageEvent } from '../evaluation/judge.testing.js';
import type { AnyRow } from '../evaluation/judge.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { onePolicy } from '../policy/policies.js';
import { NOTHING_AROUND } from '../rules/around.js';
import { isIntegrationWide, RULES, type Rule } from '../rules/registry.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { judgeHistory, subjectOfRow } from './judge-history.js';
import type { Span } from '../signals/span.js';
import { measureOf, screenOf, suspectSpans } from './screens.js';

const policies = onePolicy(policy);

/** The rows of each subject of a rule in these events. */
function subjectsOf(rule: Rule, events: readonly UsageEvent[]) {
  const rows: readonly AnyRow[] = rowsOf(usageSignalsOf(events, policy))[rule.signals];
  const subjects = new Map<string, AnyRow[]>();
  for (const row of rows) {
    const key = JSON.stringify(subjectOfRow(rule, row));
    subjects.set(key, [...(subjects.get(key) ?? []), row]);
  }
  return [...subjects.values()];
}

function spansOf(rule: Rule, rows: readonly AnyRow[], by = policy): Span[] {
  const screen = screenOf(rule.id, by);
  const { of } = measureOf(screen.measure);
  const values = rows.map((row) => of(row as Parameters<typeof of>[0]));
  return suspectSpans({ minutes: rows.map((row) => row.minute), values }, screen);
}

const call = fc
  .record({
    minute: fc.integer({ min: 0, max: 12 }),
    second: fc.integer({ min: 0, max: 59 }),
    organizationId: fc.constantFrom('148383', '148383', '148383', '200001'),
    route: fc.constantFrom(CONTACTS, '/v1/{organizationId}/invoices'),
    method: fc.constantFrom('GET' as const, 'GET' as const, 'POST' as const),
    durationMs: fc.integer({ min: 0, max: 70_000 }),
    status: fc.constantFrom(...Array<number>(10).fill(200), 404, 429, 401, 403),
    authScheme: fc.constantFrom(...Array<'bearer'>(20).fill('bearer'), 'apikey' as const),
    retryAfterSec: fc.constantFrom(null, 30, 240),
    enforced: fc.constantFrom(...Array<'none'>(8).fill('none'), 'block' as const),
    operation: fc.constantFrom(
      'list' as const,
      'list' as const,
      'list' as const,
      'item' as const,
      'action' as const,
    ),
    errorReason: fc.constantFrom(null, 'missing_scope'),
    query: fc.record({
      page: fc.constantFrom(0, 0, 0, 1, 2),
      hasChangesSince: fc.boolean(),
      changesSinceAgeSec: fc.constantFrom(99, 101),
    }),
    resourceHash: fc.constantFrom(null, '1', '2', '3', '4', '5'),
    responseHash: fc.constantFrom(null, 'a', 'b'),
  })
  .map(({ minute, second, ...data }): UsageEvent => {
    const route = data.operation === 'item' ? `${data.route}/{guid}` : data.route;
    const sending = data.operation === 'action' && {
      ...{ method: 'POST' as const, route: SEND_SMS, enforced: 'none' as const },
      status: second % 2 === 0 ? 201 : 422,
    };
    return callAt(at(minute, second), { ...data, route, ...sending });
  });
const SEND_SMS = '/v1/{organizationId}/sms/{voucherGuid}/send-sms';
let sent = 0;
const sms = fc
  .record({
    minute: fc.integer({ min: 0, max: 40 }),
    organizationId: fc.constantFrom('148383', '200001'),
    recipientCountry: fc.constantFrom('DK', 'DK', 'SE'),
    voucherGuid: fc.constantFrom(
      '1bae9d36-27fd-46f8-a9d4-a63ebd3ca953',
      '1bae9d36-27fd-46f8-a9d4-a63ebd3ca954',
    ),
  })
  .map(({ minute, ...data }): UsageEvent => {
    sent += 1;
    return sampleSms(`s${sent}`, at(minute), { integrationId: 'isv_eksempel', ...data });
  });

describe('a screen', () => {
  it('never holds back a minute on which its rule finds something', () => {
    const found = new Set<string>();
    const everything = [{ from: first - 1_000, to: first + 1_000 }];
    const events = fc.tuple(
      fc.array(call, { minLength: 250, maxLength: 500 }),
      fc.array(sms, { minLength: 2, maxLength: 30 }),
    );
    fc.assert(
      fc.property(events, ([calls, messages]) => {
        for (const rule of RULES) {
          for (const rows of subjectsOf(rule, [...calls, ...messages])) {
            const subject = subjectOfRow(rule, rows[0]!);
            const findings = (spans: readonly Span[]) =>
              judgeHistory(rule, subject, { rows, spans, around: () => NOTHING_AROUND }, policies);
            const all = findings(everything);
            expect([rule.id, findings(spansOf(rule, rows))]).toEqual([rule.id, all]);
            if (all.length > 0) found.add(rule.id);
          }
        }
      }),
      { numRuns: 40, endOnFailure: true },
    );
    expect([...found].sort()).toEqual(RULES.map(({ id }) => id).sort());
  });

  it('lets nothing through of a client that makes one call a minute', () => {
    const calls = Array.from({ length: 120 }, (_, minute) =>
      callAt(at(minute), { operation: 'item', authScheme: 'bearer' }),
    );
    for (const rule of RULES) {
      for (const rows of subjectsOf(rule, calls)) expect(spansOf(rule, rows, defaultPolicy)).toEqual([]);
    }
  });

  it('asks for as many rows and as much in all within one window as the rule does, and no less', () => {
    const screen = {
      table: 'pairs',
      measure: 'calls',
      perRow: 50,
      windowMinutes: 15,
      rows: 3,
      sum: 0,
    } as const;
    const values = (count: number) => Array<number>(count).fill(50);
    expect(suspectSpans({ minutes: [0, 7, 14], values: values(3) }, screen)).toEqual([{ from: 0, to: 29 }]);
    expect(suspectSpans({ minutes: [0, 7, 15], values: values(3) }, screen)).toEqual([]);
    expect(suspectSpans({ minutes: [0, 7, 14], values: [50, 49, 50] }, screen)).toEqual([]);
    const summed = { ...screen, perRow: 1, rows: 1, sum: 10 };
    expect(suspectSpans({ minutes: [20, 0], values: [9, 1] }, summed)).toEqual([]);
    expect(suspectSpans({ minutes: [14, 0], values: [9, 1] }, summed)).toEqual([{ from: 0, to: 29 }]);
  });

  it('joins the spans of windows that touch', () => {
    const screen = {
      table: 'pairs',
      measure: 'calls',
      perRow: 1,
      windowMinutes: 5,
      rows: 1,
      sum: 1,
    } as const;
    expect(suspectSpans({ minutes: [0, 4, 20], values: [1, 1, 1] }, screen)).toEqual([
      { from: 0, to: 9 },
      { from: 20, to: 25 },
    ]);
  });
});

it('integration-wide rules are screened over all agreements together', () => {
  const wide = RULES.filter(isIntegrationWide);
  expect(wide.length).toBeGreaterThan(0);
  for (const rule of wide)
    expect(subjectOfRow(rule, { integrationId: 'a', agreementId: 'b' }).agreementId).toBe('');
});
