import fc from 'fast-check';
import type { Breach, Severity } from '@taxameter/contracts';
import { sampleBreach } from '../alerts/notification.js';
import { integrationOf, type BreachNews } from '../news/news.js';
import {
  COOL_DOWN_MS,
  MAX_NEWS,
  planMessages,
  STORM_INTEGRATIONS,
  STORM_WINDOW_MS,
  type Past,
  type ToldBefore,
  type Waiting,
} from './plan-messages.js';

const START = Date.parse('2026-10-05T08:00:00Z');
const after = (milliseconds: number) => new Date(START + milliseconds);
const WAIT = 30_000;
const grouping = { waitMs: WAIT, intervalMs: 300_000 };
const nothing: Past = { told: [], dayBreaches: [], lastStormAt: null };

let sequences = 0;
interface About {
  readonly alertId?: string;
  readonly integrationId?: string;
  readonly news?: BreachNews['news'];
  readonly severity?: Severity;
  readonly data?: Partial<Breach>;
}
function news({
  alertId,
  integrationId = 'isv_a',
  news: what = 'opened',
  severity = 'error',
  data,
}: About = {}): BreachNews {
  sequences += 1;
  const breach = {
    ...sampleBreach(severity, after(0)),
    scope: { integrationId, organizationId: '42', route: null },
    ...data,
  };
  return {
    kind: 'breach',
    news: what,
    sequence: sequences,
    alertId: alertId ?? `alr_${sequences}`,
    time: after(0),
    breach,
  };
}
const waits = (about: About = {}, sinceMs = 0): Waiting => ({ news: news(about), since: after(sinceMs) });
const was = (about: About = {}, atMs = 0): ToldBefore => ({ news: news(about), at: after(atMs) });

describe('grouping', () => {
  it('waits for what follows, then tells it in one message for each integration', () => {
    const waiting = [waits(), waits({}, 20_000), waits({ integrationId: 'isv_b' }, 20_000)];
    expect(planMessages(waiting, nothing, grouping, after(WAIT - 1)).messages).toEqual([]);
    const { messages } = planMessages(waiting, nothing, grouping, after(WAIT));
    expect(messages.map(({ kind, news: told }) => [kind, told.length])).toEqual([['group', 2]]);
  });

  it('rests between two messages about one integration', () => {
    const past = { ...nothing, told: [was({}, 0)] };
    const waiting = [waits({}, 1_000)];
    expect(planMessages(waiting, past, grouping, after(299_999)).messages).toEqual([]);
    expect(planMessages(waiting, past, grouping, after(300_000)).messages).toHaveLength(1);
  });

  it('splits what is too much for one message', () => {
    const waiting = Array.from({ length: MAX_NEWS + 1 }, () => waits());
    const { messages } = planMessages(waiting, nothing, grouping, after(WAIT));
    expect(messages.map((message) => message.news.length)).toEqual([MAX_NEWS, 1]);
  });
});

describe('a storm', () => {
  const from = (count: number, sinceMs = 0) =>
    Array.from({ length: count }, (_, index) => waits({ integrationId: `isv_${index}` }, sinceMs));

  it('is more than 20 integrations, and is one message', () => {
    expect(planMessages(from(STORM_INTEGRATIONS), nothing, grouping, after(WAIT)).messages).toHaveLength(20);
    const { messages } = planMessages(from(STORM_INTEGRATIONS + 1), nothing, grouping, after(WAIT));
    expect(messages.map(({ kind, news: told }) => [kind, told.length])).toEqual([['storm', 21]]);
  });

  it('counts those who were told of within ten minutes', () => {
    const told = from(STORM_INTEGRATIONS).map((one) => ({ news: one.news, at: after(0) }));
    const waiting = [waits({ integrationId: 'isv_new' })];
    const kindsAt = (atMs: number) =>
      planMessages(waiting, { ...nothing, told }, grouping, after(atMs)).messages.map(({ kind }) => kind);
    expect(kindsAt(STORM_WINDOW_MS - 1)).toEqual(['storm']);
    expect(kindsAt(STORM_WINDOW_MS)).toEqual(['group']);
  });

  it('that goes on is told again when ten minutes are over, not before', () => {
    const past = { ...nothing, lastStormAt: after(0) };
    expect(planMessages(from(30), past, grouping, after(STORM_WINDOW_MS - 1)).messages).toEqual([]);
    expect(planMessages(from(30), past, grouping, after(STORM_WINDOW_MS)).messages).toHaveLength(1);
  });
});

describe('what is muted', () => {
  const reasons = (waiting: readonly Waiting[], past: Past, atMs = COOL_DOWN_MS) =>
    planMessages(waiting, past, grouping, after(atMs)).muted.map(({ reason }) => reason);

  it('is a mild RATE_MINUTE beside RATE_DAY of the same agreement', () => {
    const past = { ...nothing, dayBreaches: [{ integrationId: 'isv_a', organizationId: '42' }] };
    const other = { scope: { integrationId: 'isv_a', organizationId: '43', route: null } };
    expect(reasons([waits({ severity: 'warning' })], past)).toEqual(['inhibited']);
    expect(reasons([waits({ severity: 'error' })], past)).toEqual([]);
    expect(reasons([waits({ severity: 'warning', data: other })], past)).toEqual([]);
    expect(reasons([waits({ severity: 'warning', data: { ruleId: 'BURST' } })], past)).toEqual([]);
  });

  it('is the same breach at the same severity for four hours', () => {
    const past = { ...nothing, told: [was({ alertId: 'alr_same' }, 0)] };
    const again = () => [waits({ alertId: 'alr_same', data: { occurrence: 2 } })];
    expect(reasons(again(), past, COOL_DOWN_MS - 1)).toEqual(['cool_down']);
    expect(reasons(again(), past, COOL_DOWN_MS)).toEqual([]);
    expect(
      reasons(
        [waits({ alertId: 'alr_same', severity: 'critical', news: 'escalated' })],
        past,
        COOL_DOWN_MS - 1,
      ),
    ).toEqual([]);
  });

  it('is the end of what was muted, and not the end of what was told', () => {
    const past = { ...nothing, told: [was({ alertId: 'alr_same' }, 0)] };
    const end = (occurrence: number) =>
      waits({ alertId: 'alr_same', news: 'resolved', data: { occurrence } });
    expect(reasons([end(1)], past)).toEqual([]);
    expect(reasons([end(2)], past)).toEqual(['opening_muted']);
  });
});

it('loses nothing and says nothing twice: each piece is in one message, muted with a reason, or waits on', () => {
  const about = fc.record({
    alertId: fc.integer({ min: 0, max: 60 }),
    occurrence: fc.integer({ min: 1, max: 2 }),
    news: fc.constantFrom('opened' as const, 'escalated' as const, 'resolved' as const),
    severity: fc.constantFrom('info' as const, 'warning' as const, 'error' as const, 'critical' as const),
    ruleId: fc.constantFrom('RATE_MINUTE', 'RATE_DAY'),
    afterMs: fc.integer({ min: 0, max: 6 * 3_600_000 }),
  });
  fc.assert(
    fc.property(fc.array(about, { maxLength: 120 }), fc.integer({ min: 1, max: 40 }), (all, integrations) => {
      const arriving = all
        .map((one) => ({
          since: after(one.afterMs),
          news: news({
            alertId: `alr_${one.alertId}`,
            integrationId: `isv_${one.alertId % integrations}`,
            news: one.news,
            severity: one.severity,
            data: { occurrence: one.occurrence, ruleId: one.ruleId },
          }),
        }))
        .sort((one, other) => one.since.getTime() - other.since.getTime());
      let waiting: Waiting[] = [];
      const told: ToldBefore[] = [];
      const seen: number[] = [];
      let lastStormAt: Date | null = null;
      for (let minute = 0; minute <= 8 * 60; minute += 1) {
        const now = after(minute * 60_000);
        while (arriving[0] && arriving[0].since <= now) waiting.push(arriving.shift()!);
        if (waiting.length === 0) continue;
        const plan = planMessages(waiting, { told, dayBreaches: [], lastStormAt }, grouping, now);
        for (const message of plan.messages) {
          const about = new Set(message.news.map(integrationOf));
          expect(message.news.length).toBeGreaterThan(0);
          if (message.kind === 'group')
            expect([about.size, message.news.length <= MAX_NEWS]).toEqual([1, true]);
          else lastStormAt = now;
          told.push(...message.news.map((one) => ({ news: one, at: now })));
        }
        const settled = [
          ...plan.messages.flatMap((message) => message.news),
          ...plan.muted.map((one) => one.news),
        ];
        seen.push(...settled.map(({ sequence }) => sequence));
        const gone = new Set(settled.map(({ sequence }) => sequence));
        waiting = waiting.filter((one) => !gone.has(one.news.sequence));
      }
      expect(waiting).toEqual([]);
      expect(seen).toHaveLength(all.length);
      expect(new Set(seen).size).toBe(all.length);
    }),
    { numRuns: 60 },
  );
});
