// Protections, each taken off by an edit: the fault named must then fail. `e2e/faults.spec.ts` keeps the edits fitting.
const FOLDER = 'libs/platform/src/event-log/';

export const MUTANTS = [
  {
    name: 'position-outside',
    sentence: 'the position is moved before the effects commit, in a transaction of its own',
    fault: 'consumer',
    edits: [
      {
        file: `${FOLDER}process-records.service.ts`,
        replace: 'await this.movePosition(tx);',
        by: 'await this.movePosition(this.database.manager);',
      },
    ],
  },
  {
    name: 'failed-at-restart',
    sentence: 'a write that failed while the broker was away is acknowledged',
    fault: 'broker',
    edits: [
      {
        file: `${FOLDER}kafka-log.service.ts`,
        replace: 'if (failures.length > 0) throw failures[0];',
        by: 'if (failures.length > records.length) throw failures[0];',
      },
    ],
  },
  {
    name: 'failed-is-stored',
    sentence: 'a write that failed while a leader was lost is acknowledged',
    fault: 'leader',
    edits: [
      {
        file: `${FOLDER}kafka-log.service.ts`,
        replace: 'if (failures.length > 0) throw failures[0];',
        by: 'if (failures.length > records.length) throw failures[0];',
      },
    ],
  },
];
