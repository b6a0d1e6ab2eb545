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

interface PolicyText {
  readonly rules: Record<string, object>;
}
interface Progress {
  readonly backTestId: string;
  readonly state: string;
  readonly cases: number;
  readonly error: string | null;
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
  const ask = async <Answer>(method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> => {
    const answer = await rooms.call('ops', method, path, body ? { body } : {});
    if (answer.status >= 400) throw new Error(`${method} ${path} was refused: ${answer.status}`);
    return answer.body as Answer;
  };
  const { document } = await ask<{ document: PolicyText }>('GET', '/v1/policies/in-force');
  document.rules['RATE_MINUTE'] = {
    ...document.rules['RATE_MINUTE'],
    thresholds: { warning: { calls: LOWER_LIMIT, minutes: 5 } },
  };
  return {
    run: async ({ fromMinute, toMinute }) => {
      const range = { from: instantOf(fromMinute), to: instantOf(toMinute) };
      const { backTestId } = await ask<Progress>('POST', '/v1/back-tests', { document, ...range });
      for (;;) {
        const { state, cases, error } = await ask<Progress>('GET', `/v1/back-tests/${backTestId}`);
        if (state === 'done') return { cases };
        if (error !== null) throw new Error(`the back-test ${state}: ${error}`);
        await sleep(LOOK_EVERY_MS);
      }
    },
    stop: () => rooms.stop(),
  };
}

function instantOf(minute: number): string {
  return new Date(minute * 60_000).toISOString();
}
