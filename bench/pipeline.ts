import { paceOf, type Sample } from './pace.js';
import { runContender } from './contenders/in-a-process.js';
import type { SameSqlAnswer } from './contenders/same-sql.js';
import { runRawCopy } from './contenders/raw-copy.js';
import { runTaxameter, type Run } from './contenders/taxameter.js';
import type { Servers } from './servers.js';
import { writeTopic, type WrittenTopic } from './topic.js';
import { DEFAULT_WORKLOAD, type Workload } from './workload.js';

/** One round of everything that is compared, one after the other on the same machine. Rates in events a second. */
export interface Round {
  readonly taxameter: number;
  readonly peakMb: number;
  readonly rawCopy: number;
  readonly countOnly: number;
  readonly nestConsumer: number;
  readonly sameSqlOne: number;
  readonly sameSqlTwo: number;
  /** By per cent of duplicates. */
  readonly duplicates: Readonly<Record<'10' | '50' | '90', number>>;
}

export interface Sizes {
  readonly events: number;
  /** For the usual consumer, which is slow. */
  readonly nestEvents: number;
  readonly duplicateEvents: number;
}

export class Pipeline {
  private topics = new Map<string, WrittenTopic>();

  constructor(
    private readonly servers: Servers,
    private readonly sizes: Sizes,
    private readonly startMs: number,
    private readonly say: (line: string) => void,
  ) {}

  async round(): Promise<Round> {
    const { events, nestEvents, duplicateEvents } = this.sizes;
    const base = this.workload({ events });
    const taxameter = await this.taxameter('base', base);
    const rawCopy = await this.told(
      'raw COPY',
      this.onDatabase((url) => runRawCopy(url, base)),
    );
    const topic = await this.topic('base', base);
    const countOnly = await this.told('counting only', this.paceOfProcess('count-only', topic));
    const sameSqlOne = await this.told('same SQL, one in flight', this.sameSql(1, base));
    const sameSqlTwo = await this.told('same SQL, two in flight', this.sameSql(2, base));
    const usual = await this.topic('usual', this.workload({ events: nestEvents }));
    const nestConsumer = await this.told(
      'usual Nest consumer',
      this.onDatabase((url) => this.paceOfProcess('nest-consumer', usual, url)),
    );
    const withDuplicates = async (perCent: number) => {
      const workload = this.workload({
        events: duplicateEvents,
        duplicatesPerMille: perCent * 10,
        seed: 100 + perCent,
      });
      return (await this.taxameter(`${perCent} % duplicates`, workload)).rate;
    };
    const duplicates = {
      '10': await withDuplicates(10),
      '50': await withDuplicates(50),
      '90': await withDuplicates(90),
    };
    return {
      taxameter: taxameter.rate,
      peakMb: taxameter.run.peakMb,
      rawCopy,
      countOnly,
      nestConsumer,
      sameSqlOne,
      sameSqlTwo,
      duplicates,
    };
  }

  workload(more: Partial<Workload>): Workload {
    return { ...DEFAULT_WORKLOAD, startMs: this.startMs, ...more };
  }

  /** Writes the topic on first use, then reads it into an empty database. */
  async taxameter(
    name: string,
    workload: Workload,
    options: { batchRecords?: boolean } = {},
  ): Promise<{ rate: number; run: Run }> {
    const topic = await this.topic(name, workload, options);
    return this.onDatabase(async (url) => {
      const run = await runTaxameter(this.servers, topic, url);
      const rate = paceOf(run.samples, topic.events);
      this.say(`  Taxameter, ${name}: ${shown(rate)}, ${run.peakMb} MB at most, ${run.counted} counted`);
      return { rate, run };
    });
  }

  async topic(
    name: string,
    workload: Workload,
    options: { batchRecords?: boolean } = {},
  ): Promise<WrittenTopic> {
    const known = this.topics.get(name);
    if (known) return known;
    const begun = performance.now();
    const topic = await writeTopic(this.servers.brokers, workload, options);
    const seconds = Math.round((performance.now() - begun) / 1000);
    this.say(`  wrote ${topic.events} events of ${topic.eventBytes} bytes (${name}) in ${seconds} s`);
    this.topics.set(name, topic);
    return topic;
  }

  private async sameSql(inFlight: number, workload: Workload): Promise<number> {
    return this.onDatabase(async (url) => {
      const args = [url, String(inFlight), JSON.stringify(workload)];
      return (await runContender<SameSqlAnswer>('same-sql', args)).rate;
    });
  }

  private async paceOfProcess(name: string, topic: WrittenTopic, ...more: string[]): Promise<number> {
    const args = [this.servers.brokers, topic.name, String(topic.records), ...more];
    return paceOf(await runContender<readonly Sample[]>(name, args), topic.records);
  }

  private async onDatabase<T>(work: (url: string) => Promise<T>): Promise<T> {
    const url = await this.servers.newDatabase();
    try {
      return await work(url);
    } finally {
      await this.servers.dropDatabase(url);
    }
  }

  private async told(name: string, rate: Promise<number>): Promise<number> {
    const found = await rate;
    this.say(`  ${name}: ${shown(found)}`);
    return found;
  }
}

export function shown(rate: number): string {
  return `${Math.round(rate).toLocaleString('en')} events/s`;
}
