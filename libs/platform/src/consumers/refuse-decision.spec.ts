import { TOPICS } from '@taxameter/contracts';
import { OFFSETS_PER_GENERATION } from '../event-log/log-position.js';
import { refuseDecision, type DecisionGround, type WantedDecision } from './refuse-decision.js';

const extents = (first: number, next: number, partitions = 4) =>
  new Map(Array.from({ length: partitions }, (_, partition) => [partition, { first, next }]));
const LOST: DecisionGround = {
  topic: TOPICS.smsSent,
  extents: extents(10, 20),
  position: { generation: 0, nextOffset: 5 },
  gapOfReader: null,
};
const ANOTHER: DecisionGround = { ...LOST, extents: extents(0, 3) };
const skip: WantedDecision = { kind: 'skip-lost', partition: 0, continueAt: 10 };
const anew: WantedDecision = { kind: 'new-log', partition: 0, continueAt: 0 };
const codeOf = (wanted: WantedDecision, ground: DecisionGround) =>
  refuseDecision(wanted, ground)?.code ?? 'taken';

describe('a decision at a gap', () => {
  it.each([
    ['to skip what retention took, to where the log begins', skip, LOST],
    ['to skip to the end of the log', { ...skip, continueAt: 20 }, LOST],
    ['to read a new log from its beginning', anew, ANOTHER],
    ['to read a new log that retention has cut already', { ...anew, continueAt: 10 }, LOST],
    [
      'to read a new log that has grown past the position while the reader stood there',
      anew,
      { ...ANOTHER, extents: extents(0, 9), gapOfReader: 'another_log' as const },
    ],
  ])('%s is taken', (_, wanted, ground) => {
    expect(refuseDecision(wanted, ground)).toBeNull();
  });

  it.each([
    ['where the position is in the log', skip, { ...LOST, extents: extents(5, 20) }, 'no-gap'],
    ['where the position is at the end of the log', anew, { ...ANOTHER, extents: extents(0, 5) }, 'no-gap'],
    ['to skip where the log is another one', { ...skip, continueAt: 1 }, ANOTHER, 'another-log'],
    [
      'to skip in a log that has grown past the position',
      { ...skip, continueAt: 8 },
      { ...ANOTHER, extents: extents(0, 9), gapOfReader: 'another_log' as const },
      'another-log',
    ],
    ['to go on before the log begins', { ...skip, continueAt: 9 }, LOST, 'not-in-log'],
    ['to go on behind the end of the log', { ...skip, continueAt: 21 }, LOST, 'not-in-log'],
    [
      'to skip backwards',
      { ...skip, continueAt: 4 },
      { ...LOST, extents: extents(0, 20), gapOfReader: 'lost' as const },
      'not-in-log',
    ],
    ['about a partition that is not there', { ...skip, partition: 4 }, LOST, 'partition-not-there'],
    [
      'about SMS when partitions were added',
      skip,
      { ...LOST, extents: extents(10, 20, 6) },
      'partitions-differ',
    ],
    [
      'that would leave a generation no room',
      anew,
      { ...ANOTHER, position: { generation: 0, nextOffset: OFFSETS_PER_GENERATION } },
      'too-far',
    ],
  ])('%s is refused', (_, wanted, ground, code) => {
    expect(codeOf(wanted, ground)).toBe(code);
  });

  it('about calls is taken also when partitions were added, since calls may move to another one', () => {
    const ground = { ...LOST, topic: TOPICS.apiCalls, extents: extents(10, 20, 6) };
    expect(codeOf({ ...skip, partition: 5 }, ground)).toBe('taken');
  });
});
