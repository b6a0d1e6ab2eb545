import { FAIR_USE, METERING, runTaxameter, type MeasuredRoom, type Run } from './contenders/taxameter.js';
import { paceOf } from './pace.js';
import { shown } from './pipeline.js';
import { withClient, type Servers } from './servers.js';
import { writeTopic } from './topic.js';
import type { Workload } from './workload.js';

/** The same topic read by metering to its counters and by fair-use to its last judgement, one after the other. */

/** One round; rates in events a second. */
export interface EndToEndRound {
  readonly metering: number;
  readonly fairUse: number;
  /** CPU time of the process for each event, in µs. */
  readonly cpuMicroseconds: { readonly metering: number; readonly fairUse: number };
  readonly peakMb: number;
  /** Cases that fair-use opened. */
  readonly cases: number;
  /** Minutes left that wait until they are closed. */
  readonly unclosed: number;
}

export async function measureEndToEnd(
  servers: Servers,
  workload: Workload,
  rounds: number,
  say: (line: string) => void,
): Promise<EndToEndRound[]> {
  const topic = await writeTopic(servers.brokers, workload);
  say(`  wrote ${topic.events} events of ${topic.eventBytes} bytes`);
  const read = async (room: MeasuredRoom) => {
    const url = await servers.newDatabase();
    try {
      const run = await runTaxameter(servers, topic, url, room);
      const found = { run, rate: paceOf(run.samples, topic.events), ...(await leftOf(url, room)) };
      say(
        `  ${room.service}: ${shown(found.rate)}, ${cpuOf(run, topic.events).toFixed(0)} µs of its CPU an event`,
      );
      return found;
    } finally {
      await servers.dropDatabase(url);
    }
  };
  const measured: EndToEndRound[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    // What runs second finds a warmer machine.
    const isMeteringFirst = round % 2 === 1;
    const early = await read(isMeteringFirst ? METERING : FAIR_USE);
    const late = await read(isMeteringFirst ? FAIR_USE : METERING);
    const [metering, fairUse] = isMeteringFirst ? [early, late] : [late, early];
    if (metering.run.counted !== fairUse.run.counted)
      throw new Error(`metering counted ${metering.run.counted} events, fair-use ${fairUse.run.counted}`);
    measured.push({
      metering: metering.rate,
      fairUse: fairUse.rate,
      cpuMicroseconds: {
        metering: cpuOf(metering.run, topic.events),
        fairUse: cpuOf(fairUse.run, topic.events),
      },
      peakMb: fairUse.run.peakMb,
      cases: fairUse.cases,
      unclosed: fairUse.unclosed,
    });
  }
  return measured;
}

function cpuOf({ cpuMs }: Run, events: number): number {
  return (cpuMs * 1000) / events;
}

async function leftOf(url: string, room: MeasuredRoom): Promise<{ cases: number; unclosed: number }> {
  if (room !== FAIR_USE) return { cases: 0, unclosed: 0 };
  return withClient(url, async (client) => {
    const { rows } = await client.query<{ cases: number; unclosed: number }>(
      `select (select count(*) from fair_use.breach)::integer as cases,
              (select count(*) from fair_use.unclosed_minute)::integer as unclosed`,
    );
    return rows[0]!;
  });
}
