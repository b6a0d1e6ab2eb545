import fc from 'fast-check';
import { callAt } from '../signals/signals.testing.js';
import { heardOf, listenedUpTo } from './heard.js';

const received = (source: string, time: string, appendedAt: string) => ({
  event: { ...callAt(time), source },
  time: new Date(time),
  appendedAt: new Date(appendedAt),
});

describe('what a batch tells of its sources', () => {
  it('is in which minutes each was heard, by the time of the log, and which events it told of', () => {
    const heard = heardOf([
      received('/a', '2026-10-05T06:00:00Z', '2026-10-05T09:00:59.999Z'),
      received('/b', '2026-10-05T08:59:00Z', '2026-10-05T09:00:59.999Z'),
      received('/a', '2026-10-05T05:00:00Z', '2026-10-05T09:02:00.000Z'),
      received('/a', '2026-10-05T05:30:00Z', '2026-10-05T09:02:00.001Z'),
    ]);
    expect([...heard.keys()]).toEqual(['/a', '/b']);
    expect(heard.get('/a')).toMatchObject({
      firstAppend: new Date('2026-10-05T09:00:59.999Z'),
      newestAppend: new Date('2026-10-05T09:02:00.001Z'),
      oldestEvent: new Date('2026-10-05T05:00:00Z'),
      newestEvent: new Date('2026-10-05T06:00:00Z'),
    });
    expect(heard.get('/a')!.minutes).toBe(`101${'0'.repeat(57)}`);
    expect(heard.get('/b')!.minutes).toBe(`1${'0'.repeat(59)}`);
  });

  it('does not depend on the order of the events', () => {
    const event = fc
      .record({ source: fc.constantFrom('/a', '/b'), time: fc.nat(7_200), append: fc.nat(7_200) })
      .map(({ source, time, append }) =>
        received(
          source,
          new Date(Date.UTC(2026, 9, 5) + time * 1_000).toISOString(),
          new Date(Date.UTC(2026, 9, 5) + append * 1_000).toISOString(),
        ),
      );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const sorted = (all: ReturnType<typeof heardOf>) => Object.fromEntries(all);
        expect(sorted(heardOf(events.toReversed()))).toEqual(sorted(heardOf(events)));
      }),
    );
  });
});

describe('listening', () => {
  const now = new Date('2026-10-05T09:00:00Z');
  const behind = new Date('2026-10-05T08:50:00Z');
  it('reaches to now where all is read, and else to where the partition furthest behind was read', () => {
    expect(listenedUpTo(now, new Map(), [])).toEqual(now);
    expect(listenedUpTo(now, new Map([['t/0', behind]]), [])).toEqual(now);
    expect(listenedUpTo(now, new Map([['t/0', behind]]), ['t/0'])).toEqual(behind);
    expect(listenedUpTo(now, new Map([['t/0', behind]]), ['t/0', 't/1'])).toBeNull();
  });
});
