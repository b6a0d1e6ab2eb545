// What is killed, and which specs see to it that nothing is lost or counted twice. `rounds` are those of the specs, given N.
export const FAULTS = [
  {
    name: 'consumer',
    sentence: 'a reading process is killed with -9 before, in and after the writing of a batch, N times each',
    specs: 'event-log/kafka-faults',
    tests: 'a process that reads',
    rounds: (n) => n,
  },
  {
    name: 'commit',
    sentence:
      'the connection to the database goes while a COMMIT is on its way, N times at each of three moments',
    specs: 'event-log/unknown-commit',
    tests: '',
    rounds: (n) => n,
  },
  {
    name: 'trouble',
    sentence:
      'the database refuses: a deadlock, a statement that takes too long, connections that others hold',
    specs: 'database-trouble',
    tests: '',
    rounds: () => 1,
  },
  {
    name: 'names',
    sentence: 'routes, integrations and agreements are made up, 100,000 of them',
    specs: 'counters/admission',
    tests: '',
    rounds: () => 1,
  },
  {
    name: 'copies',
    sentence:
      'each event comes up to 50 times, anywhere, hours later, changed, and in the opposite order, in N storms',
    specs: 'counters/duplicate-storm',
    tests: '',
    rounds: (n) => n,
  },
  {
    name: 'poison',
    sentence: 'every known poison at once among good events, N times',
    specs: 'event-log/poison-list',
    tests: '',
    rounds: (n) => n,
  },
  {
    name: 'broker',
    sentence: 'the broker is killed and comes back while events flow, N / 10 times (a minute each)',
    specs: 'event-log/kafka-faults',
    tests: 'a broker',
    rounds: (n) => Math.ceil(n / 10),
  },
  {
    name: 'leader',
    sentence: 'each of three brokers is killed in turn while many partitions are written, N / 10 times round',
    specs: 'event-log/kafka-leader',
    tests: '',
    rounds: (n) => Math.ceil(n / 10),
  },
  {
    name: 'campaign',
    sentence:
      'readers, door, broker and database die in turn while integrations send, N times; an oracle counts',
    project: 'e2e',
    specs: 'e2e/campaign',
    tests: '',
    rounds: (n) => n,
  },
  {
    name: 'start',
    sentence: 'the broker is away at the start, or refuses the login',
    specs: 'event-log/kafka-start|testing/kafka-broker|testing/kafka-left-overs',
    tests: '',
    rounds: () => 1,
  },
];
