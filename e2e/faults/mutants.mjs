// Protections, each taken off by an edit: the fault named must then fail, at the assertion that begins with `failsAt`. `e2e/faults.spec.ts` keeps the edits fitting.
const FOLDER = 'libs/platform/src/event-log/';

export const MUTANTS = [
  {
    name: 'position-outside',
    sentence: 'the position is moved before the effects commit, in a transaction of its own',
    fault: 'consumer',
    failsAt: 'expect(rows.map(',
    edits: [
      {
        file: `${FOLDER}process-records.service.ts`,
        replace: 'await this.movePosition(tx);',
        by: 'await this.movePosition(this.database.manager);',
      },
    ],
  },
  {
    name: 'position-unfenced',
    sentence:
      'the position is moved from wherever it stands, so that a batch which has committed is tried again',
    fault: 'commit',
    failsAt: 'expect(rooms.system.consumers().filter(',
    edits: [
      {
        file: `${FOLDER}process-records.service.ts`,
        replace: 'if (moved === 0) throw new Fenced();',
        by: 'if (moved < 0) throw new Fenced();',
      },
    ],
  },
  {
    name: 'deadlock-stops',
    sentence: 'a deadlock is taken for a broken invariant, and not tried again',
    fault: 'trouble',
    failsAt: 'expect(isRetryingAfter(/deadlock',
    edits: [
      {
        file: 'libs/platform/src/database/sql-error.ts',
        replace: "['08', '40', '53', '55', '57', '58']",
        by: "['08', '53', '55', '57', '58']",
      },
    ],
  },
  {
    name: 'full-pool-stops',
    sentence: 'a pool without a free connection is taken for a broken invariant',
    fault: 'trouble',
    failsAt: 'expect(isRetryingAfter(/timeout exceeded',
    edits: [
      {
        file: 'libs/platform/src/database/sql-error.ts',
        replace: 'timeout exceeded when trying to connect|',
        by: '',
      },
    ],
  },
  {
    name: 'no-heartbeat',
    sentence: 'a reader that waits for the database is silent to its group',
    fault: 'trouble',
    failsAt: 'expect(shares()).toEqual(before)',
    edits: [
      {
        file: `${FOLDER}kafka-partition.service.ts`,
        replace: '}, HEARTBEAT_MS);',
        by: '}, 1_000 * HEARTBEAT_MS);',
      },
    ],
  },
  {
    name: 'routes-unfolded',
    sentence: 'every new route has rows of its own',
    fault: 'names',
    failsAt: "expect(await numberOf('select count(*) from route'))",
    edits: [
      {
        file: 'libs/metering/src/counters/admission.service.ts',
        replace: 'where number <= routes',
        by: 'where number <= routes + 1000000',
      },
    ],
  },
  {
    name: 'copies-counted',
    sentence: 'a call that was seen before is handed over once more',
    fault: 'copies',
    failsAt: 'expect(await countersOf(storm))',
    edits: [
      {
        file: `${FOLDER}claim-identities.service.ts`,
        replace: 'const fresh = events.filter((received) => claim.fresh.has(received));',
        by: 'const fresh = events.filter((received) => claim.fresh.has(received) || claim.fresh.size === 0);',
      },
    ],
  },
  {
    name: 'future-counts',
    sentence: 'a call counts that lies far ahead of the clock of the log',
    fault: 'poison',
    failsAt: 'expect(effects.map(',
    edits: [
      {
        file: `${FOLDER}decode-record.ts`,
        replace: 'if (aheadMs > FUTURE_TOLERANCE_MS) {',
        by: 'if (aheadMs > 1_000 * FUTURE_TOLERANCE_MS) {',
      },
    ],
  },
  {
    name: 'failed-at-restart',
    sentence: 'a write that failed while the broker was away is acknowledged',
    fault: 'broker',
    failsAt: 'expect(rows.map(',
    edits: [
      {
        file: `${FOLDER}kafka-log.service.ts`,
        replace: 'if (failures.length > 0) throw failures[0];',
        by: 'if (failures.length > records.length) throw failures[0];',
      },
    ],
  },
  {
    name: 'leader-alone',
    sentence: 'a write counts as stored when only the leader has it',
    fault: 'leader',
    failsAt: 'expect(acknowledged.filter(',
    edits: [{ file: `${FOLDER}kafka-log.service.ts`, replace: 'acks: -1,', by: 'acks: 1,' }],
  },
  {
    // kafkajs 2.2.4 then loses about one write of a thousand per killed leader.
    name: 'many-in-one-send',
    sentence: 'partitions of several brokers share one request, and its answer is not checked',
    fault: 'leader',
    failsAt: 'expect(acknowledged.filter(',
    rounds: 3,
    edits: [
      {
        file: `${FOLDER}kafka-log.service.ts`,
        replace: 'const name = `${record.topic} ${record.partition}`;',
        by: 'const name = record.topic;',
      },
      {
        file: `${FOLDER}kafka-log.service.ts`,
        replace: 'messages: records.map(({ key, value, headers }) => ({',
        by: 'messages: records.map(({ partition, key, value, headers }) => ({',
      },
      {
        file: `${FOLDER}kafka-log.service.ts`,
        replace: 'if (!isStored) {',
        by: 'if (!isStored && answer.length === 0) {',
      },
    ],
  },
  {
    name: 'counts-copies',
    sentence: 'a call that was sent twice is counted twice',
    fault: 'campaign',
    failsAt: 'expect(found.differences)',
    edits: [
      {
        file: `${FOLDER}claim-identities.service.ts`,
        replace: 'return withoutDuplicates(events, await claimCalls(tx, events, subscription));',
        by: 'return withoutDuplicates(events, { fresh: new Set(events), conflicts: new Set() });',
      },
      {
        file: `${FOLDER}claim-identities.service.ts`,
        replace: "import { claimCalls } from './claim-calls.service.js';\n",
        by: '',
      },
    ],
  },
];
