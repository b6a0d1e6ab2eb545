import { linesOf, tableOf, type Measured } from './report.js';

const round = {
  taxameter: 50_000,
  peakMb: 300,
  rawCopy: 400_000,
  countOnly: 150_000,
  nestConsumer: 1_000,
  sameSqlOne: 40_000,
  sameSqlTwo: 60_000,
  duplicates: { '10': 45_000, '50': 40_000, '90': 39_000 },
};
const measured: Measured = {
  rounds: [round, { ...round, rawCopy: 500_000 }, { ...round, rawCopy: 200_000, peakMb: 351 }],
  growth: {
    events: 10_000_000,
    cumulativeMs: [],
    exponent: 1.06,
    totalsOverRawMs: 1_000,
    totalsOverCountersMs: 4,
    differences: 0,
  },
  recovery: { afterKillMs: 6_600, politeStopMs: 300 },
  idle: { taxameter: 12, kafkajs: 8 },
};
const found = (what: string) => linesOf(measured).find((line) => line.what.includes(what))!;

describe('the report of the pipeline bench', () => {
  it('takes the median of the ratios of the rounds, not the ratio of the best figures', () => {
    expect(found('raw COPY')).toMatchObject({ value: 0.125, held: true });
  });

  it('holds a bound from above and from below, and the most memory of all rounds', () => {
    expect(found('90 % duplicates')).toMatchObject({ value: 0.78, held: false });
    expect(found('exponent')).toMatchObject({ held: false });
    expect(found('memory')).toMatchObject({ value: 351, held: false });
    expect(found('polite stop')).toMatchObject({ value: 0.3, held: true });
  });

  it('is a table in which a missed bound says so', () => {
    const table = tableOf(linesOf(measured));
    expect(table).toMatch(
      /\| R5 {2}\| exponent of time, 1 M to 10 M stored +\| 1\.06 +\| ≤ 1\.05 +\| missed \|/,
    );
    expect(new Set(table.split('\n').map((line) => line.length)).size).toBe(1);
  });
});
