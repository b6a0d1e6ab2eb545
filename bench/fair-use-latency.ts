import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { TOPICS } from '@taxameter/contracts';
import { createTopics } from '@taxameter/platform';
import pg from 'pg';
import { startLoad, type LoadMessage } from './contenders/load-process.js';
import { FAIR_USE, startRoom } from './contenders/taxameter.js';
import { CaseWatch, type Spread, type Watched } from './fair-use-case-watch.js';
import { LATENESS_MINUTES, pollingProbe, throttledProbe } from './fair-use-probes.js';
import { ProbeSender } from './fair-use-probe-sender.js';
import type { Servers } from './servers.js';
import type { Workload } from './workload.js';

/** How long a case takes while the room is under a steady load: from the record that makes a rule hold to the row. */

export interface LatencySizes {
  readonly seconds: number;
  /**
   * How many times faster than the clock event time goes by. At 1 a minute is closed each minute, and all pairs of a minute at once; at 6 a
   * sixth of them each ten seconds.
   */
  readonly speed: number;
}

export interface Latency {
  /** From the acknowledgement of the call that passes a limit to the row of its case. */
  readonly limitPassed: Spread;
  /** Of that the consumer's part: to the committed signals. */
  readonly signals: Spread;
  /** From the acknowledgement with which the log is past a minute, and what may be late, in every partition to the row. */
  readonly minuteClosed: Spread;
  /** Cases that were not there a minute after the last call of a probe; they count as if they came then. */
  readonly unseen: number;
  /** Between two looks at the table: a latency is too long by so much at most, and never too short. */
  readonly lookEvery: Spread;
  /** What was asked of the load and what it wrote, in events a second. */
  readonly rate: { readonly asked: number; readonly written: number };
  /** Minutes that waited to be judged when the last call of a probe was sent: what a room that keeps up does not gather. */
  readonly dirtyAtEnd: number;
}

const TRIGGER_EVERY_MS = 100;
const WARM_UP_MS = 10_000;
/** Thousands of integrations are judged one after the other. */
const PREPARE_MS = 5 * 60_000;
const GIVE_UP_MS = 60_000;
const PROBES_OF_A_MINUTE = 20;
const SECONDS_PER_MINUTE = 60;
/** The probes' calls stay behind the load's by event time, so that none of them closes a minute. */
const BEHIND_MS = 1_000;
const API_CALLS = TOPICS.apiCalls.name;

/** @param rate of the load, in events a second */
export async function measureLatency(
  servers: Servers,
  base: Workload,
  rate: number,
  sizes: LatencySizes,
  say: (line: string) => void,
): Promise<Latency> {
  const sessionsAtOnce = Math.ceil((rate * SECONDS_PER_MINUTE) / sizes.speed / base.callsPerMinute);
  const workload: Workload = {
    ...base,
    sessionsAtOnce,
    pairs: Math.max(base.pairs, 2 * sessionsAtOnce),
    // Enough for the measurement and its aftermath.
    events: rate * (sizes.seconds + 3 * (GIVE_UP_MS / 1000)),
  };
  const prefix = `bench-${randomBytes(4).toString('hex')}.`;
  await createTopics({ brokers: servers.brokers.split(','), prefix });
  const url = await servers.newDatabase();
  const client = new pg.Client({ connectionString: url });
  const sender = new ProbeSender(servers.brokers, prefix + API_CALLS);
  await Promise.all([client.connect(), sender.connect()]);
  const room = startRoom(FAIR_USE, servers.brokers, prefix, url);
  let error = '';
  room.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  const ended = once(room, 'exit');
  const tooEarly = ended.then(() => Promise.reject(new Error(`the fair-use process ended: ${error}`)));
  try {
    const count = Math.ceil((sizes.seconds * 1000 - WARM_UP_MS) / TRIGGER_EVERY_MS);
    const watch = new CaseWatch(client);
    const measurement = new Measurement(sender, watch, workload, rate, sizes);
    await Promise.race([measurement.prepare(count), tooEarly]);
    say(`  ${count} cases are prepared, the load begins`);
    const load = startLoad([servers.brokers, prefix + API_CALLS, String(rate), JSON.stringify(workload)]);
    load.onMessage((message) => measurement.hear(message));
    try {
      return await load.whileItRuns(Promise.race([measurement.run(), tooEarly]));
    } finally {
      watch.stop();
      await load.stop();
    }
  } finally {
    room.kill('SIGTERM');
    await ended;
    await Promise.all([sender.disconnect(), client.end()]);
    await servers.dropDatabase(url);
  }
}

class Measurement {
  private readonly polling: Watched[] = [];
  private readonly throttled: (Watched & { readonly minute: number })[] = [];
  private readonly sendings: Promise<unknown>[] = [];
  private beganMs = 0;
  private written = 0;
  private passedMinute = 0;

  constructor(
    private readonly sender: ProbeSender,
    private readonly watch: CaseWatch,
    private readonly workload: Workload,
    private readonly rate: number,
    private readonly sizes: LatencySizes,
  ) {}

  /** All calls of the probes but the last are read and judged before the load begins. */
  async prepare(count: number): Promise<void> {
    for (let index = 0; index < count; index += 1)
      this.polling.push({ probe: pollingProbe(index, this.workload.startMs) });
    const calls = this.polling.flatMap(({ probe }) => probe.calls.slice(0, -1));
    await this.sender.send(calls);
    await this.watch.untilJudged(calls.length, PREPARE_MS);
  }

  hear(message: LoadMessage): void {
    if (message.kind === 'began') {
      this.beganMs = message.atMs;
      return;
    }
    this.written = (message.sent * 1000) / (message.atMs - this.beganMs);
    for (const watched of this.throttled)
      if (watched.minute + LATENESS_MINUTES < message.minute) watched.holdsMs ??= message.atMs;
    this.passedMinute = message.minute;
  }

  async run(): Promise<Latency> {
    const looking = this.watch.look();
    const measured = async () => {
      await this.trigger();
      const dirtyAtEnd = await this.watch.dirty();
      await this.aftermath();
      return this.result(dirtyAtEnd);
    };
    return Promise.race([measured(), looking.then(() => Promise.reject(new Error('nobody looks')))]);
  }

  /** One case after the other by its last call; and once a minute of the load many whose minute will be closed later. */
  private async trigger(): Promise<void> {
    while (this.beganMs === 0) await sleep(TRIGGER_EVERY_MS);
    await sleep(WARM_UP_MS);
    const endMs = this.beganMs + this.sizes.seconds * 1000;
    const minuteMs = (SECONDS_PER_MINUTE * 1000) / this.sizes.speed;
    let askedMinute = this.passedMinute;
    for (const [index, watched] of this.polling.entries()) {
      this.sendings.push(this.pass(watched));
      // Of a minute that the load has behind it, if it will be closed in time.
      if (this.passedMinute > askedMinute && CaseWatch.nowMs() + (LATENESS_MINUTES + 1) * minuteMs < endMs) {
        askedMinute = this.passedMinute;
        this.sendings.push(this.throttle(askedMinute - 1));
      }
      await sleep(
        Math.max(0, this.beganMs + WARM_UP_MS + (index + 1) * TRIGGER_EVERY_MS - CaseWatch.nowMs()),
      );
    }
    await Promise.all(this.sendings);
  }

  private async pass(watched: Watched): Promise<void> {
    const timeMs = this.loadTimeMs() - BEHIND_MS;
    const last = { ...watched.probe.calls.at(-1)!, time: new Date(timeMs).toISOString() };
    this.watch.add(watched, { hasSweeps: true });
    await this.sender.send([last]);
    watched.holdsMs = CaseWatch.nowMs();
  }

  private async throttle(minute: number): Promise<void> {
    const first = this.throttled.length;
    const batch = Array.from({ length: PROBES_OF_A_MINUTE }, (_, index) => ({
      probe: throttledProbe(first + index, minute),
      minute,
    }));
    this.throttled.push(...batch);
    for (const watched of batch) this.watch.add(watched, { hasSweeps: false });
    await this.sender.send(batch.flatMap(({ probe }) => probe.calls));
  }

  /** The event time of what the load writes now. */
  private loadTimeMs(): number {
    const perMinute = this.workload.sessionsAtOnce * this.workload.callsPerMinute;
    const speed = (this.rate * SECONDS_PER_MINUTE) / perMinute;
    return this.workload.startMs + (CaseWatch.nowMs() - this.beganMs) * speed;
  }

  private async aftermath(): Promise<void> {
    const giveUpMs = CaseWatch.nowMs() + GIVE_UP_MS;
    while (this.watch.isWaiting() && CaseWatch.nowMs() < giveUpMs) await sleep(TRIGGER_EVERY_MS);
  }

  private result(dirtyAtEnd: number): Latency {
    const gaveUpMs = CaseWatch.nowMs();
    const holding = this.throttled.filter(({ holdsMs }) => holdsMs !== undefined);
    return {
      limitPassed: CaseWatch.spreadOf(this.polling, 'caseMs', gaveUpMs),
      signals: CaseWatch.spreadOf(this.polling, 'signalsMs', gaveUpMs),
      minuteClosed: CaseWatch.spreadOf(holding, 'caseMs', gaveUpMs),
      unseen: [...this.polling, ...holding].filter(({ caseMs }) => caseMs === undefined).length,
      lookEvery: this.watch.lookEvery(),
      rate: { asked: this.rate, written: Math.round(this.written) },
      dirtyAtEnd,
    };
  }
}
