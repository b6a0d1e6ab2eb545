import type { Evidence } from '../evidence/evidence.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { harmInWords } from './harm.js';
import { keptCase } from './report.testing.js';
import { reportOf } from './report.js';

type Harm = Evidence['harm']['during'];

const harm = (shareOfCalls: number | null, shareOfServerTime: number | null, p95Ms: number | null): Harm => {
  const own = { calls: 1, serverTimeMs: 1, shareOfCalls, shareOfServerTime };
  return {
    ...{ from: '2026-10-05T06:00:00.000Z', to: '2026-10-05T07:00:00.000Z' },
    ...{ platform: { calls: 9_876, serverTimeMs: 5, p95Ms }, integration: own, subject: own },
  };
};

it('says in both languages what part the case had of calls and server time, and how long calls took, during and before', () => {
  expect(harmInWords({ before: harm(0.004, 0, 128), during: harm(0.754, 0.31, 1448) })).toEqual({
    calls: { da: '75 % (i tiden før: under 1 %)', en: '75% (in the time before: below 1%)' },
    serverTime: { da: '31 % (i tiden før: 0 %)', en: '31% (in the time before: 0%)' },
    p95: {
      da: 'højst 1.448 ms (i tiden før: højst 128 ms)',
      en: '1,448 ms at most (in the time before: 128 ms at most)',
    },
  });
});

it('says nothing of the time before when nobody called in it, and nothing at all where nothing is known', () => {
  expect(harmInWords({ before: harm(null, null, null), during: harm(0.5, 0.5, null) })).toEqual({
    calls: { da: '50 %', en: '50%' },
    serverTime: { da: '50 %', en: '50%' },
    p95: null,
  });
});

describe('the report', () => {
  const names = (kept: Parameters<typeof reportOf>[0]) =>
    reportOf(kept, defaultPolicy).facts.map(({ name }) => name.da);
  const lines = ['Andel af alle kald', 'Andel af al servertid', '95 % af alle kald tog'];

  it('has the lines once the evidence is frozen', () => {
    const kept = { ...keptCase({}), harm: { before: harm(0, 0, 64), during: harm(0.5, 0.5, 64) } };
    expect(names(kept)).toEqual(expect.arrayContaining(lines));
    expect(JSON.stringify(reportOf(kept, defaultPolicy))).not.toMatch(/9.?876/);
  });

  it('has none of them before', () => {
    expect(names(keptCase({})).filter((name) => lines.includes(name))).toEqual([]);
  });
});
