import { restrictionObserved, type RestrictionObserved } from '@taxameter/contracts';
import { MAX_PAYLOAD_BYTES } from '../alerts/notification.js';
import { isWanted, type LeakNews, type Wish } from '../news/news.js';
import { endLeak, judgeLeak, TIGHT_AFTER_MS, type Leak } from './leak.js';
import { leakNotification, leakPayload } from './leak-notification.js';

const at = (seconds: number) => new Date(Date.parse('2026-10-05T08:00:00Z') + seconds * 1_000).toISOString();
const now = new Date(at(3_600));
const QUIET_SECONDS = TIGHT_AFTER_MS / 1_000;

/** Calls let through until second 60, and the last call at another. */
const fact = (version: number, letThrough: number, more: Partial<RestrictionObserved> = {}) => ({
  restrictionId: 'rst_1',
  integrationId: 'isv_a',
  version,
  since: at(0),
  until: null,
  refused: 10,
  letThrough,
  firstLetThroughAt: letThrough === 0 ? null : at(30),
  lastLetThroughAt: letThrough === 0 ? null : at(60),
  lastCallAt: at(60),
  ...more,
});
const open: Leak = { episode: 1, state: 'open', resolution: null, observed: fact(3, 5) };
const tight: Leak = { ...open, state: 'resolved', resolution: 'tight' };
const ended: Leak = { ...open, state: 'resolved', resolution: 'ended' };
const refusedAt = (seconds: number) => ({ refused: 11, lastCallAt: at(seconds) });

describe('a block', () => {
  it('that lets nothing through has no leak', () => {
    expect(judgeLeak(null, fact(1, 0), now)).toBeNull();
  });

  it('leaks from the first observation of a call let through', () => {
    const observed = fact(2, 1);
    expect(judgeLeak(null, observed, now)).toEqual({
      leak: { episode: 1, state: 'open', resolution: null, observed },
      news: 'opened',
    });
  });

  it('that goes on leaking is no news, and its figures are kept', () => {
    const observed = fact(4, 9, refusedAt(60 + 2 * QUIET_SECONDS));
    expect(judgeLeak(open, observed, now)).toEqual({ leak: { ...open, observed }, news: null });
  });

  it.each([
    ['it has refused calls for long enough', refusedAt(60 + QUIET_SECONDS), 'tight'],
    ['it has refused calls for a second too little', refusedAt(59 + QUIET_SECONDS), null],
    ['nobody has called', {}, null],
    ['the newest call was not refused', { lastCallAt: at(60 + QUIET_SECONDS) }, null],
    ['it was lifted', { until: at(100) }, 'ended'],
    ['it expires now', { until: now.toISOString() }, 'ended'],
    ['it will expire', { until: at(3_601) }, null],
  ])('that leaked, when %s: %j → %s', (_title, more, resolution) => {
    const judged = judgeLeak(open, fact(4, 5, more), now);
    expect(judged?.leak).toMatchObject({ episode: 1, resolution });
    expect(judged?.news).toBe(resolution === null ? null : 'resolved');
  });

  it('that was tight again and leaks again is another leak', () => {
    expect(judgeLeak(tight, fact(4, 5, refusedAt(3_000)), now)).toBeNull();
    expect(judgeLeak(tight, fact(4, 6), now)).toMatchObject({
      leak: { episode: 2, state: 'open' },
      news: 'opened',
    });
  });

  it('of which a leak is found after its end wakes nobody', () => {
    const over = { until: at(100) };
    expect(judgeLeak(null, fact(1, 7, over), now)).toMatchObject({
      leak: { episode: 1, state: 'resolved', resolution: 'ended' },
      news: null,
    });
    expect(judgeLeak(ended, fact(4, 7, over), now)).toMatchObject({
      leak: { episode: 1, state: 'resolved', observed: { letThrough: 7 } },
      news: null,
    });
  });

  it.each([2, 3])('is not judged again by version %i after version 3', (version) => {
    expect(judgeLeak(open, fact(version, 99), now)).toBeNull();
    expect(judgeLeak(tight, fact(version, 99), now)).toBeNull();
  });
});

describe('who hears of a leak', () => {
  const everything: Wish = {
    kinds: ['leak'],
    minSeverity: 'info',
    rules: null,
    integrationIds: null,
    organizationIds: null,
  };
  const told = { kind: 'leak', sequence: 1, alertId: 'alr_1', time: now } as const;

  it.each([
    ['everything', {}, true],
    ['breaches alone', { kinds: ['breach'] }, false],
    ['its severity', { minSeverity: 'error' }, true],
    ['a higher severity', { minSeverity: 'critical' }, false],
    ['a rule, which a leak does not break', { rules: ['RATE_MINUTE'] }, true],
    ['its integration', { integrationIds: ['isv_a'] }, true],
    ['another integration', { integrationIds: ['isv_b'] }, false],
  ] as const)('who wants %s: %j → %s', (_title, wish, expected) => {
    expect(isWanted({ ...everything, ...wish }, { ...told, news: 'opened', leak: open })).toBe(expected);
  });

  it('hears that it is over, whatever else it wants, unless it wants no leaks', () => {
    const over: LeakNews = { ...told, news: 'resolved', leak: tight };
    expect(isWanted({ ...everything, minSeverity: 'critical' }, over)).toBe(true);
    expect(isWanted({ ...everything, kinds: ['breach'] }, over)).toBe(false);
  });
});

describe('what they are told of a leak', () => {
  const told = (leak: Leak, language: 'da' | 'en') => {
    const news = leak.state === 'open' ? 'opened' : 'resolved';
    const notification = { kind: 'leak', news, time: now, alertId: 'alr_1', sequence: 7, leak } as const;
    return JSON.parse(leakPayload(notification, language)) as {
      type: string;
      data: { summary: string; guidance: { da: string; en: string } };
    };
  };

  it('is a line in the language of the subscription', () => {
    expect(told(open, 'da').data.summary).toBe(
      'Alvorligt: spærringen rst_1 af isv_a er utæt (5 kald sluppet igennem)',
    );
    const one = { ...open, observed: fact(3, 1) };
    expect(told(one, 'en').data.summary).toBe('Serious: the block rst_1 of isv_a leaks (1 call let through)');
    expect(told(tight, 'da').data.summary).toBe(
      'Spærringen rst_1 af isv_a er tæt igen (i alt er 5 kald sluppet igennem)',
    );
    expect(told(endLeak(open).leak, 'en').data.summary).toBe(
      'The block rst_1 of isv_a is no longer in force (5 calls let through in all)',
    );
  });

  it.each([open, tight, ended])('is what the documents say: %j', (leak) => {
    expect(leakNotification.parse(told(leak, 'en'))).toEqual(told(leak, 'en'));
  });

  it('says where to look, and what it is called by machines', () => {
    expect(told(open, 'da')).toMatchObject({
      type: 'restriction.leak.opened',
      data: { effect: '/v1/restrictions/rst_1/effect', link: '/v1/alerts/alr_1', severity: 'error' },
    });
    expect(told(tight, 'da')).toMatchObject({
      type: 'restriction.leak.resolved',
      data: { resolution: 'tight' },
    });
    const { da, en } = told(open, 'da').data.guidance;
    for (const text of [da, en]) expect(text).toContain('GET /v1/restrictions/rst_1/effect');
  });

  it('stays below 20 kB for the largest observation that the contract allows', () => {
    const worst = {
      ...fact(Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER),
      restrictionId: '"'.repeat(64),
      integrationId: '"'.repeat(100),
    };
    expect(restrictionObserved.schema.shape.data.safeParse(worst).success).toBe(true);
    const notification = { kind: 'leak', news: 'opened', time: now, alertId: 'alr_1', sequence: 7 } as const;
    const text = leakPayload({ ...notification, leak: { ...open, observed: worst } }, 'da');
    expect(new TextEncoder().encode(text).length).toBeLessThan(MAX_PAYLOAD_BYTES);
  });
});
