import { Problem } from '@taxameter/platform';
import { readEvents } from './read-request.js';

const BATCH = 'application/cloudevents-batch+json';
const bytes = (text: string) => new TextEncoder().encode(text);
const read = (contentType: string, body: unknown, headers: Record<string, string | string[]> = {}) =>
  readEvents({ contentType, headers, body });
const problemOf = (work: () => unknown): [number, string] => {
  try {
    work();
  } catch (error) {
    if (error instanceof Problem) return [error.status, error.code];
    throw error;
  }
  return [200, 'nothing'];
};

describe('readEvents', () => {
  it('reads one structured event and a batch, whatever the case and charset of the type', () => {
    expect(read('Application/CloudEvents+JSON; charset=utf-8', bytes('{"id":"1"}'))).toEqual({
      values: [{ id: '1' }],
      isBatch: false,
    });
    expect(read(BATCH, bytes('[{"id":"1"},7]'))).toEqual({ values: [{ id: '1' }, 7], isBatch: true });
    expect(read(BATCH, bytes('[]'))).toEqual({ values: [], isBatch: true });
  });

  it('reads a binary event from ce- headers and the body as its data', () => {
    const headers = {
      'ce-id': '1',
      'ce-type': 'some.type',
      'content-type': 'application/json',
      cookie: 'ce-no=1',
      'ce-list': ['a', 'b'],
    };
    expect(read('application/json', { status: 200 }, headers)).toEqual({
      values: [{ id: '1', type: 'some.type', data: { status: 200 } }],
      isBatch: false,
    });
  });

  it.each([
    ['plain', 'plain'],
    ['S%C3%B8n%20%26%20Datter', 'Søn & Datter'],
    ['%E2%82%AC%F0%9F%98%80', '€😀'],
    ['%e2%82%ac', '€'],
    ['100%', '100%'],
    ['%ff', '%ff'],
    ['a+b', 'a+b'],
  ])('decodes the header %j to %j', (header, value) => {
    expect(read('application/json', {}, { 'ce-subject': header }).values).toEqual([
      { subject: value, data: {} },
    ]);
  });

  it('lets no header replace the data or the prototype', () => {
    const [event] = read(
      'application/json',
      { status: 200 },
      { 'ce-data': 'forged', 'ce-__proto__': 'x' },
    ).values;
    expect(event).toEqual({ data: { status: 200 } });
    expect(Object.getPrototypeOf(event)).toBe(Object.prototype);
  });

  it.each([
    ['half a document', '{"id":'],
    ['nothing', ''],
    ['a single quote', "{'id':1}"],
    ['NaN', '{"id":NaN}'],
  ])('says that %s is not JSON', (_, text) => {
    expect(problemOf(() => read(BATCH, bytes(text)))).toEqual([400, 'not-json']);
    expect(problemOf(() => read('application/cloudevents+json', bytes(text)))).toEqual([400, 'not-json']);
  });

  it('says that bytes which are not UTF-8 are not JSON, instead of guessing', () => {
    expect(problemOf(() => read(BATCH, new Uint8Array([0x5b, 0x22, 0xff, 0x22, 0x5d])))).toEqual([
      400,
      'not-json',
    ]);
  });

  it('takes a batch of 10,000 events and refuses one more', () => {
    const batch = (count: number) => bytes(`[${new Array(count).fill('0').join(',')}]`);
    expect(read(BATCH, batch(10_000)).values).toHaveLength(10_000);
    expect(problemOf(() => read(BATCH, batch(10_001)))).toEqual([413, 'too-many-events']);
  });

  it('refuses a batch that is no array, and JSON without ce- headers', () => {
    expect(problemOf(() => read(BATCH, bytes('{}')))).toEqual([400, 'not-a-batch']);
    expect(problemOf(() => read('application/json', { id: '1' }))).toEqual([415, 'not-a-cloud-event']);
    expect(problemOf(() => read('', undefined))).toEqual([415, 'not-a-cloud-event']);
  });
});
