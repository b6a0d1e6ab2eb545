import { FairUseModule, fairUseMigrations } from '@taxameter/fair-use';
import { startTestRooms } from '@taxameter/platform/testing';
import { setTimeout as sleep } from 'node:timers/promises';

/** What FU3 measures: a policy against history, as ops ask for it. */

export interface History {
  /** Whole minutes since 1970, UTC; `toMinute` itself not included. */
  readonly fromMinute: number;
  readonly toMinute: number;
}

export interface BackTests {
  /**
   * A back-test of the policy in force with a lower limit of calls a minute, from the request to the answer that it is done.
   * @returns how many cases it found under either policy
   */
  run(history: History): Promise<{ readonly cases: number }>;
  stop(): Promise<void>;
}

const LOOK_EVERY_MS = 10;
const LOWER_LIMIT = 65;

/** The room with its HTTP and its other work in this process, on a database that is filled. */
export async function openBackTests(databaseUrl: string, now: string): Promise<BackTests> {
  const room = {
    name: 'fair-use',
    module: FairUseModule,
    schema: { migrations: fairUseMigrations },
  } as const;
  const rooms = await startTestRooms([room], { databaseUrl, now });
  const { document } = (await rooms.call('ops', 'GET', '/v1/policies/in-force')).body;
  document.rules.RATE_MINUTE.thresholds = { warning: { calls: LOWER_LIMIT, minutes: 5 } };
  return {
    run: async ({ fromMinute, toMinute }) => {
      const range = { from: instantOf(fromMinute), to: instantOf(toMinute) };
      const started = await rooms.call('ops', 'POST', '/v1/back-tests', { body: { document, ...range } });
      if (started.status !== 202) throw new Error(`the back-test was refused: ${started.status}`);
      for (;;) {
        const { body } = await rooms.call('ops', 'GET', `/v1/back-tests/${started.body.backTestId}`);
        if (body.state === 'done') return { cases: body.cases };
        if (body.state !== 'queued' && body.state !== 'running')
          throw new Error(`the back-test ${body.state}: ${body.error}`);
        await sleep(LOOK_EVERY_MS);
      }
    },
    stop: () => rooms.stop(),
  };
}

function instantOf(minute: number): string {
  return new Date(minute * 60_000).toISOString();
}
