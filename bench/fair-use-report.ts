import type { EndToEndRound } from './fair-use-end-to-end.js';
import type { KeyGrowth, Point } from './fair-use-growth.js';
import type { BackTested } from './fair-use-history.js';
import type { Latency } from './fair-use-latency.js';
import { median } from './pace.js';
import { line, type Line } from './report.js';

/** What was measured of fair-use; parts that were not asked for are missing. */
export interface FairUseMeasured {
  readonly endToEnd?: readonly EndToEndRound[];
  readonly latency?: Latency;
  readonly backTest?: BackTested;
  readonly growth?: KeyGrowth;
}

const P99_MS = 150;
/** The yardstick of the same run: a p99 far above the median is a queue, however fast the machine. */
const P99_BY_P50 = 5;
const EXPONENT = 1.05;

export function fairUseLinesOf({ endToEnd, latency, backTest, growth }: FairUseMeasured): Line[] {
  const lines: Line[] = [];
  if (endToEnd) {
    const ratio = median(endToEnd.map(({ fairUse, metering }) => fairUse / metering));
    lines.push(line('FU1', 'fair-use to the last judgement ÷ metering', ratio, { atLeast: 0.5 }));
  }
  for (const [what, spread] of Object.entries({
    'limit passed to case': latency?.limitPassed,
    'minute closed to case': latency?.minuteClosed,
  })) {
    if (!spread) continue;
    lines.push(line('FU2', `${what}, p99 in ms`, spread.p99, { atMost: P99_MS }));
    lines.push(line('FU2', `${what}, p99 ÷ p50`, spread.p99 / spread.p50, { atMost: P99_BY_P50 }));
  }
  if (backTest)
    lines.push(line('FU3', 'back-test ÷ a scan of the signals', backTest.timesTheScan, { atMost: 5 }));
  if (growth) {
    const exponents = {
      'exponent of time, as many calls over more keys': exponentOf(growth.sameCalls),
      'exponent of time, as many calls of each key': exponentOf(growth.sameCallsOfAKey),
    };
    for (const [what, exponent] of Object.entries(exponents))
      lines.push(line('FU4', what, exponent, { atMost: EXPONENT }));
  }
  return lines;
}

/** p in time ~ keys^p: the slope of the straight line by least squares through the logarithms. */
export function exponentOf(points: readonly Point[]): number {
  const logs = points.map(({ keys, seconds }) => ({ x: Math.log(keys), y: Math.log(seconds) }));
  const mean = (of: (log: { x: number; y: number }) => number) =>
    logs.reduce((sum, log) => sum + of(log), 0) / logs.length;
  const [x, y] = [mean((log) => log.x), mean((log) => log.y)];
  return mean((log) => (log.x - x) * (log.y - y)) / mean((log) => (log.x - x) ** 2);
}

/** What has no bound, a sentence each. */
export function besideOf({ endToEnd, latency, backTest, growth }: FairUseMeasured): string[] {
  const sentences: string[] = [];
  if (endToEnd) {
    const cpu = (of: (round: EndToEndRound) => number) => median(endToEnd.map(of)).toFixed(0);
    sentences.push(
      `FU1: CPU of the process for an event: metering ${cpu((round) => round.cpuMicroseconds.metering)} µs, ` +
        `fair-use ${cpu((round) => round.cpuMicroseconds.fairUse)} µs; cases ${endToEnd[0]!.cases}, ` +
        `minutes left until they are closed ${endToEnd[0]!.unclosed}.`,
    );
  }
  if (latency) {
    const { limitPassed, minuteClosed, signals, lookEvery, rate, unseen, dirtyAtEnd } = latency;
    sentences.push(
      `FU2: ${limitPassed.count} limits passed, p50 ${limitPassed.p50} ms, of it to the signals ${signals.p50} ms (p99 ${signals.p99}); ` +
        `${minuteClosed.count} cases by closing, p50 ${minuteClosed.p50} ms; ${unseen} not seen at all. ` +
        `Looked every ${lookEvery.p50} ms (p99 ${lookEvery.p99}). Load ${rate.written} of ${rate.asked} events/s; ` +
        `${dirtyAtEnd} minutes waited at the end.`,
    );
  }
  if (backTest) {
    const { rows, megabytes, scanMs, ms, cases } = backTest;
    sentences.push(
      `FU3: ${rows} rows of signals, ${megabytes} MB, scanned in ${scanMs.toFixed(0)} ms; ${cases} cases found in ${ms.toFixed(0)} ms.`,
    );
  }
  if (growth) {
    const { keys, pairMinutes, bytesOfAKey, bytesOfAPairMinute } = growth.state;
    sentences.push(
      `FU4: ${bytesOfAKey} bytes of state for each of ${keys} active keys, ${bytesOfAPairMinute} for each of their ${pairMinutes} minutes.`,
    );
  }
  return sentences;
}
