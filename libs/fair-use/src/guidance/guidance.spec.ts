import fc from 'fast-check';
import { SEVERITIES } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import type { Policy } from '../policy/policy.js';
import { judgePollingUnfiltered } from '../rules/polling-unfiltered.js';
import { judgeRateMinute } from '../rules/rate-minute.js';
import { RULES } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';
import { minuteOf } from '../signals/minute.js';
import { signalsOf } from '../signals/signals.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { guidanceFor } from './guidance.js';
import { recommendedCallsPerMinute, recommendedMinutesBetweenSweeps } from './recommendations.js';
import { fillText, minutes, wholeNumber } from './text.js';

const MINUTE_MS = 60_000;
const START_MS = Date.UTC(2026, 8, 30, 12);

const verdict: Verdict = {
  severity: 'critical',
  value: 1234,
  unit: 'calls per minute',
  windowStart: '2026-09-30T21:45:00.000Z',
  windowEnd: '2026-09-30T22:00:00.000Z',
  threshold: 100,
  evidence: [],
};

describe('guidance', () => {
  it.each(RULES.flatMap((rule) => ['148383', ''].map((agreement) => [rule.id, agreement] as const)))(
    'of %s for agreement "%s" leaves no placeholder unfilled',
    (id, agreementId) => {
      const { da, en } = guidanceFor(id, verdict, { agreementId, route: CONTACTS }, defaultPolicy);
      for (const text of [da, en]) {
        expect(text.replaceAll(CONTACTS, '')).not.toMatch(/[{}]|undefined|NaN|null/);
        expect(text.length).toBeLessThanOrEqual(2000);
      }
    },
  );

  it('tells the rate, the window, the limit and what to keep to, in Danish', () => {
    const { da } = guidanceFor('RATE_MINUTE', verdict, { agreementId: '148383', route: '' }, defaultPolicy);
    expect(da).toBe(
      'I mindst 10 af de 15 minutter frem til 30.09.2026 kl. 22.00 UTC har jeres integration ' +
        'foretaget 1.234 kald eller flere pr. minut for aftale 148383. Grænsen går ved 100 kald pr. ' +
        'minut. Fordel kaldene jævnt, og hold jer på højst 24 pr. minut. I kan spare kald ved at hente ' +
        'flere poster ad gangen: sæt `pageSize` op til 1000.',
    );
  });

  it('names the route and the filter that this route has, in English', () => {
    const subject = { agreementId: 'a1', route: '/v2/{tenant}/servers/detail' };
    const { en } = guidanceFor('POLLING_UNFILTERED', { ...verdict, value: 698 }, subject, defaultPolicy);
    expect(en).toContain(
      '`GET /v2/{tenant}/servers/detail` was fetched without a filter 698 times in the 60 minutes',
    );
    expect(en).toContain('`changes-since=YYYY-MM-DDTHH:mm:ssZ` (UTC)');
    expect(en).toContain('at least 30 minutes between fetches');
  });

  it('would rather fail than show a partner an empty placeholder', () => {
    expect(() => fillText({ da: '{value} kald', en: '{value} calls' }, {})).toThrow('{value}');
  });

  it('writes numbers as each language does', () => {
    expect(wholeNumber(1234567)).toEqual({ da: '1.234.567', en: '1,234,567' });
    expect(minutes(1)).toEqual({ da: '1 minut', en: '1 minute' });
  });
});

/** The worst that any window would say of calls at these times, every minute judged. */
function worstOver(timesMs: readonly number[], policy: Policy): unknown[] {
  const events = timesMs.map((ms) => callAt(new Date(ms).toISOString()));
  const { pairs, routes } = signalsOf(events, policy);
  const lastMinute = minuteOf(new Date(Math.max(...timesMs)).toISOString());
  const found: unknown[] = [];
  for (let minute = minuteOf(new Date(START_MS).toISOString()); minute <= lastMinute; minute += 1) {
    found.push(judgeRateMinute([...pairs.values()], policy, minute));
    found.push(judgePollingUnfiltered([...routes.values()], policy, minute));
  }
  return found.filter((each) => each !== null);
}

describe('a client that obeys the advice', () => {
  it('makes all the calls of its own minute at once and is still below info', () => {
    const rate = recommendedCallsPerMinute(defaultPolicy);
    const obeys = fc.array(fc.integer({ min: 0, max: MINUTE_MS - 1 }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(obeys, fc.nat({ max: MINUTE_MS - 1 }), (offsets, clockMs) => {
        const times = offsets.flatMap((offset, minute) =>
          Array<number>(rate).fill(START_MS + clockMs + minute * MINUTE_MS + offset),
        );
        const events = times.map((ms) =>
          callAt(new Date(ms).toISOString(), { operation: 'item', route: `${CONTACTS}/{guid}` }),
        );
        const highest = [...signalsOf(events, defaultPolicy).pairs.values()].map((row) => row.calls);
        expect(Math.max(...highest)).toBeLessThan(defaultPolicy.rules.RATE_MINUTE.thresholds.info!.calls);
      }),
      { numRuns: 30 },
    );
  });

  it('fetches the whole list as often as advised, with a timer 20 seconds off, and breaks no rule', () => {
    const gapMs = recommendedMinutesBetweenSweeps(defaultPolicy) * MINUTE_MS;
    const times = Array.from({ length: 48 }, (_, index) => START_MS + index * gapMs - (index % 2) * 20_000);
    expect(worstOver(times, defaultPolicy)).toEqual([]);
  });

  it('is no longer safe when it fetches at twice that pace', () => {
    const gapMs = (recommendedMinutesBetweenSweeps(defaultPolicy) * MINUTE_MS) / 2;
    const times = Array.from({ length: 48 }, (_, index) => START_MS + index * gapMs);
    expect(worstOver(times, defaultPolicy)).not.toEqual([]);
  });

  it('is below the lowest threshold of any policy that leaves room for advice', () => {
    const anyPolicy = fc
      .record({ calls: fc.integer({ min: 3, max: 500 }), sweeps: fc.integer({ min: 2, max: 200 }) })
      .map(({ calls, sweeps }): Policy => ({
        ...defaultPolicy,
        rules: {
          RATE_MINUTE: { windowMinutes: 15, thresholds: { warning: { calls, minutes: 1 } } },
          POLLING_UNFILTERED: { windowMinutes: 60, thresholds: { error: sweeps } },
        },
      }));
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        expect(2 * recommendedCallsPerMinute(policy)).toBeLessThan(
          policy.rules.RATE_MINUTE.thresholds.warning!.calls,
        );
        const mostInAnHour = Math.ceil(60 / recommendedMinutesBetweenSweeps(policy));
        expect(mostInAnHour).toBeLessThan(policy.rules.POLLING_UNFILTERED.thresholds.error!);
      }),
    );
  });

  it('cannot exist under a policy that forbids the first call, and the library says so', () => {
    const forbidding: Policy = {
      ...defaultPolicy,
      rules: {
        RATE_MINUTE: { windowMinutes: 15, thresholds: { [SEVERITIES[0]]: { calls: 2, minutes: 1 } } },
        POLLING_UNFILTERED: { windowMinutes: 60, thresholds: { info: 1 } },
      },
    };
    expect(() => recommendedCallsPerMinute(forbidding)).toThrow(RangeError);
    expect(() => recommendedMinutesBetweenSweeps(forbidding)).toThrow(RangeError);
  });
});
