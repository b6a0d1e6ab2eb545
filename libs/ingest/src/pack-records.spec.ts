import { TOPICS } from '@taxameter/contracts';
import { partitionForKey } from '@taxameter/platform';
import fc from 'fast-check';
import type { AcceptedEvent } from './accept-events.js';
import { packRecords } from './pack-records.js';

const accepted = (
  key: string,
  value: unknown,
  topic = TOPICS.apiCalls as AcceptedEvent['topic'],
): AcceptedEvent => {
  const json = JSON.stringify(value);
  return { topic, key, json, bytes: Buffer.byteLength(json) };
};
const read = (value: Uint8Array | null) => JSON.parse(Buffer.from(value!).toString()) as unknown[];

describe('packRecords', () => {
  it('puts events of one partition into one record, in the order of the request', () => {
    const records = packRecords([1, 2, 3].map((value) => accepted('isv_a|1', value)));
    expect(records.map(({ topic, headers, value }) => [topic, headers, read(value)])).toEqual([
      ['usage.api-calls.v1', { 'content-type': 'application/cloudevents-batch+json' }, [1, 2, 3]],
    ]);
  });

  it('never mixes two topics, although key and partition are the same', () => {
    const records = packRecords([accepted('k', 1), accepted('k', 2, TOPICS.smsSent), accepted('k', 3)]);
    expect(records.map(({ topic, value }) => [topic, read(value)])).toEqual([
      ['usage.api-calls.v1', [1, 3]],
      ['usage.sms-sent.v1', [2]],
    ]);
  });

  it('makes no record of nothing', () => {
    expect(packRecords([])).toEqual([]);
  });

  it('fills a record to its last byte and begins the next one there', () => {
    const three = ['aaa', 'bbb', 'ccc'].map((value) => accepted('k', value));
    expect(packRecords(three, 2 + 3 * 5 + 2).map(({ value }) => value!.length)).toEqual([19]);
    expect(packRecords(three, 18).map(({ value }) => read(value))).toEqual([['aaa', 'bbb'], ['ccc']]);
  });

  it('keeps every event once, in order by key, on its partition, within the limit of bytes', () => {
    const some = fc.array(
      fc.record({
        key: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        text: fc.string({ unit: 'binary', maxLength: 40 }),
      }),
      { maxLength: 60 },
    );
    fc.assert(
      fc.property(some, fc.integer({ min: 400, max: 900 }), (input, limit) => {
        const events = input.map(({ key, text }, index) => ({ key, value: { key, index, text } }));
        const records = packRecords(
          events.map(({ key, value }) => accepted(key, value)),
          limit,
        );
        for (const { partition, key, value } of records) {
          expect(value!.length).toBeLessThanOrEqual(limit);
          const keys = (read(value) as { key: string }[]).map((event) => event.key);
          for (const one of [key!, ...keys])
            expect(partitionForKey(one, TOPICS.apiCalls.partitions)).toBe(partition);
        }
        const stored = records.flatMap(({ value }) => read(value) as { key: string; index: number }[]);
        expect(stored).toHaveLength(events.length);
        for (const key of 'abcde') {
          const indexes = stored.filter((event) => event.key === key).map(({ index }) => index);
          expect(indexes).toEqual(events.flatMap((event, index) => (event.key === key ? [index] : [])));
        }
      }),
    );
  });
});
