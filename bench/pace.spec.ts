import { median, paceOf, quantile } from './pace.js';
import { DEFAULT_WORKLOAD, generate, type Workload } from './workload.js';

describe('the pace of a run', () => {
  it('counts from the first sign of progress, so that starting a process costs nothing', () => {
    const samples = [
      { atMs: 0, done: 0 },
      { atMs: 5_000, done: 100 },
      { atMs: 6_000, done: 600 },
      { atMs: 7_000, done: 1_100 },
    ];
    expect(paceOf(samples, 1_100)).toBe(500);
  });

  it('is refused when there was no time between beginning and end', () => {
    expect(() => paceOf([{ atMs: 1, done: 5 }], 5)).toThrow('before it could be measured');
  });

  it('has a median that is one of the values', () => {
    expect([median([3, 1, 2]), median([4, 1, 2, 3])]).toEqual([2, 2]);
  });

  it('has quantiles, which are values too', () => {
    const values = Array.from({ length: 101 }, (_, index) => 100 - index);
    expect([quantile(values, 0), quantile(values, 0.99), quantile(values, 1)]).toEqual([0, 99, 100]);
    expect(() => quantile([], 0.5)).toThrow(RangeError);
  });
});

describe('the workload of the bench', () => {
  const workload: Workload = {
    ...DEFAULT_WORKLOAD,
    events: 50_000,
    startMs: Date.parse('2026-10-05T00:00:00Z'),
  };
  const ids = (more: Partial<Workload>) => [...generate({ ...workload, ...more })].map(({ id }) => id);

  it('is the same for a seed and another for another', () => {
    expect(ids({ events: 100 })).toEqual(ids({ events: 100 }));
    expect(ids({ events: 100 })).not.toEqual(ids({ events: 100, seed: 2 }));
  });

  it('has sessions of 20 calls in a minute on one pair', () => {
    const calls = new Map<string, number>();
    for (const { key, time } of generate(workload)) {
      const session = `${time.slice(0, 16)} ${key}`;
      calls.set(session, (calls.get(session) ?? 0) + 1);
    }
    const full = [...calls].filter(([session]) => session.startsWith('2026-10-05T00:00'));
    expect(full.length).toBeGreaterThan(1_800);
    expect(full.every(([, count]) => count % 20 === 0)).toBe(true);
  });

  it('has every pair call in every minute when there are as many sessions as pairs', () => {
    const even = { ...workload, events: 4_000, pairs: 100, sessionsAtOnce: 100 };
    const calls = new Map<string, number>();
    for (const { key, time } of generate(even)) {
      const session = `${time.slice(0, 16)} ${key}`;
      calls.set(session, (calls.get(session) ?? 0) + 1);
    }
    expect([calls.size, new Set(calls.values())]).toEqual([200, new Set([20])]);
  });

  it('sends again the share that is asked for', () => {
    const share = (duplicatesPerMille: number) => {
      const all = ids({ duplicatesPerMille });
      return 1 - new Set(all).size / all.length;
    };
    expect(share(0)).toBe(0);
    expect(share(500)).toBeGreaterThan(0.48);
    expect(share(500)).toBeLessThan(0.52);
  });
});
