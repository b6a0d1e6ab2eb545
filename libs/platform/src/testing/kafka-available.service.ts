import { startTestBroker } from './kafka-broker.service.js';
import { whyNoLocalKafka } from './kafka-jars.service.js';

/** Finds the Kafka that specs run against, and decides what a spec does when there is none. */

/** A broker to use. Topics are made under a prefix of one's own: others use it at the same time. */
export interface FoundBroker {
  /** `host:port,…` */
  readonly brokers: string;
  /** Stops the broker when it was started for this call alone; one that others use stays. */
  stop(): Promise<void>;
}

const STAYS = () => Promise.resolve();

/**
 * `KAFKA_BROKERS`, else the one broker of the jest run, started at the first call, else a broker of one's own.
 * `missing` says in one sentence what this machine lacks.
 * @throws Error with the broker's or Maven's words when it should have started and did not
 */
export async function findBroker(): Promise<FoundBroker | { readonly missing: string }> {
  const given = process.env['KAFKA_BROKERS'];
  if (given) return { brokers: given, stop: STAYS };
  const missing = whyNoLocalKafka();
  if (missing !== undefined) return { missing };
  const starter = process.env['TAXAMETER_TEST_KAFKA_STARTER'];
  if (!starter) return startTestBroker();
  const answer = await fetch(starter, { method: 'POST' });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return { brokers: text, stop: STAYS };
}

const START_MS = 180_000;

/**
 * A `describe` whose specs need Kafka; `brokers()` is known from `beforeAll` on. Without Kafka the specs are skipped and
 * stderr says why; with `CI=true` that is a failure, so that nobody merges what was not tried.
 */
export function describeWithKafka(name: string, specs: (brokers: () => string) => void): void {
  const missing = process.env['KAFKA_BROKERS'] ? undefined : whyNoLocalKafka();
  if (missing !== undefined) return describeWithout(name, missing, () => specs(() => ''));
  describe(name, () => {
    let found: FoundBroker | undefined;
    beforeAll(async () => {
      const answer = await findBroker();
      if ('missing' in answer) throw new Error(answer.missing);
      found = answer;
    }, START_MS);
    afterAll(() => found?.stop());
    specs(() => found!.brokers);
  });
}

/**
 * The same for specs that start and kill brokers of their own by `startTestBroker()`: `KAFKA_BROKERS` does not help them,
 * and nobody's broker is harmed. They take minutes, so they run by `npm run faults` only (`KAFKA_FAULTS=1`);
 * elsewhere stderr says that they wait.
 */
export function describeWithOwnKafka(name: string, specs: () => void): void {
  const missing = whyNoLocalKafka();
  if (missing !== undefined) return describeWithout(name, missing, specs);
  if (process.env['KAFKA_FAULTS'] === '1') return describe(name, specs);
  process.stderr.write(`SKIPPED: ${name}. It starts and kills brokers of its own: npm run faults runs it.\n`);
  describe.skip(`${name} (by npm run faults)`, specs);
}

function describeWithout(name: string, missing: string, specs: () => void): void {
  if (process.env['CI'] === 'true') {
    it(`${name}: has Kafka, which CI requires`, () => {
      throw new Error(missing);
    });
    return;
  }
  process.stderr.write(`SKIPPED, no Kafka: ${name}. ${missing}\n`);
  describe.skip(`${name} (no Kafka: ${missing})`, specs);
}
