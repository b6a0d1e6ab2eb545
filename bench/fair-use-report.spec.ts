import type { EndToEndRound } from './fair-use-end-to-end.js';
import type { Latency } from './fair-use-latency.js';
import { CaseWatch } from './fair-use-case-watch.js';
import { pollingProbe, throttledProbe } from './fair-use-probes.js';
import { besideOf, exponentOf, fairUseLinesOf } from './fair-use-report.js';

const round: EndToEndRound = {
  metering: 20_000,
  fairUse: 10_000,
  cpuMicroseconds: { metering: 40, fairUse: 80 },
  peakMb: 300,
  cases: 7,
  unclosed: 9,
};
const spread = { count: 100, p50: 40, p99: 151, most: 300 };
const latency: Latency = {
  limitPassed: spread,
  signals: spread,
  minuteClosed: { ...spread, p99: 150, p50: 10 },
  unseen: 0,
  lookEvery: { count: 9, p50: 6, p99: 8, most: 9 },
  rate: { asked: 3_000, written: 2_999 },
  dirtyAtEnd: 0,
};
const history = { rows: 600_000, megabytes: 90, scanMs: 200, ms: 1_020, timesTheScan: 5.1, cases: 20 };
const linesAbout = (what: string, measured: Parameters<typeof fairUseLinesOf>[0]) =>
  fairUseLinesOf(measured).filter((line) => line.what.includes(what) || line.id === what);

describe('the report of the fair-use bench', () => {
  it('holds the median of the rounds, each with its own metering, against a half', () => {
    const endToEnd = [round, { ...round, fairUse: 9_900 }, { ...round, metering: 40_000 }];
    expect(linesAbout('FU1', { endToEnd })).toMatchObject([{ value: 0.495, held: false }]);
  });

  it('judges a latency both in ms and against its own median', () => {
    expect(linesAbout('limit passed', { latency })).toMatchObject([
      { value: 151, held: false },
      { value: 3.775, held: true },
    ]);
    expect(linesAbout('minute closed', { latency })).toMatchObject([
      { value: 150, held: true },
      { value: 15, held: false },
    ]);
  });

  it('holds a back-test against a scan, and says what it found', () => {
    expect(linesAbout('FU3', { backTest: history })).toMatchObject([{ value: 5.1, held: false }]);
    expect(besideOf({ backTest: history })).toEqual([expect.stringMatching(/200 ms; 20 cases/)]);
  });

  it('finds the power with which time grows', () => {
    const points = [100, 1_000, 10_000].map((keys) => ({ keys, calls: 1, seconds: 0.01 * keys ** 1.2 }));
    expect(exponentOf(points)).toBeCloseTo(1.2, 6);
  });

  it('leaves out what was not measured', () => {
    expect([fairUseLinesOf({}), besideOf({})]).toEqual([[], []]);
  });
});

describe('the time that a case takes', () => {
  const probe = pollingProbe(0, 0);

  it('is nothing when the row was there before the acknowledgement, and all that was waited when it never came', () => {
    const watched = [
      { probe, holdsMs: 100, caseMs: 99 },
      { probe, holdsMs: 100, caseMs: 130 },
      { probe, holdsMs: 100 },
    ];
    expect(CaseWatch.spreadOf(watched, 'caseMs', 60_100)).toEqual({
      count: 3,
      p50: 30,
      p99: 30,
      most: 60_000,
    });
  });

  it('is measured on integrations of their own, whose calls lie in the minute that is asked for', () => {
    const probes = [
      ...Array.from({ length: 2_000 }, (_, index) => pollingProbe(index, 0)),
      throttledProbe(3, 5),
    ];
    expect(new Set(probes.map(({ integrationId }) => integrationId)).size).toBe(probes.length);
    const minutes = throttledProbe(3, 5).calls.map(({ time }) => Math.floor(Date.parse(time) / 60_000));
    expect(new Set(minutes)).toEqual(new Set([5]));
  });
});
