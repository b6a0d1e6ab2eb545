import type { ApiCall } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { listOf } from '../signals/reads.js';
import { signalsOf } from '../signals/signals.js';
import { callAt, CONTACTS } from '../signals/signals.testing.js';
import { judgeNPlusOne, minutesForReads } from './n-plus-one.js';
import { NOON, sweepsAt, times } from './rules.testing.js';

/** So many different records of the contacts. */
const records = (count: number) =>
  Object.fromEntries(times(count, 1).map((one, index) => [String(index).padStart(16, '0'), one]));
const row = (minutesBefore: number, reads: number, listCalls = 1) =>
  sweepsAt(minutesBefore, { itemReads: records(reads), listCalls });
const judge = (...rows: ReturnType<typeof row>[]) => judgeNPlusOne(rows, defaultPolicy, NOON);
const threeMinutes = (reads: number, listCalls = 1) =>
  [0, 5, 14].map((minute) => row(minute, reads, listCalls));

const ITEM: Partial<ApiCall> = { operation: 'item', route: `${CONTACTS}/{guid}`, query: null };
const hash = (value: number) => value.toString(16).padStart(16, '0');
const routesOf = (...calls: readonly Partial<ApiCall>[]) => [
  ...signalsOf(
    calls.map((data) => callAt('2026-09-30T12:00:10.000Z', data)),
    defaultPolicy,
  ).routes.values(),
];

describe('N_PLUS_ONE', () => {
  it.each([
    [24, null],
    [25, 'info'],
    [49, 'info'],
    [50, 'warning'],
    [89, 'warning'],
    [90, 'error'],
    [128, 'error'],
  ])('finds %d records one by one, in three of fifteen minutes, to be %s', (reads, severity) => {
    expect(judge(...threeMinutes(reads))?.severity ?? null).toBe(severity);
  });

  it('forgives two minutes, however many records, and forgets the sixteenth', () => {
    expect(judge(row(0, 128), row(5, 128))).toBeNull();
    expect(judge(row(0, 25), row(5, 25), row(14, 25))?.severity).toBe('info');
    expect(judge(row(0, 25), row(5, 25), row(15, 25))).toBeNull();
  });

  it('says nothing where no page of the list was fetched in that minute or the two before', () => {
    expect(judge(...threeMinutes(90, 0))).toBeNull();
    const paged = (minutesBefore: number) =>
      [0, 5, 10].flatMap((minute) => [row(minute, 90, 0), row(minute + minutesBefore, 0, 1)]);
    expect(judge(...paged(2))?.severity).toBe('error');
    expect(judge(...paged(3))).toBeNull();
    expect(minutesForReads(defaultPolicy)).toBe(17);
  });

  it('asks for twenty records for each page of the list', () => {
    expect(judge(...threeMinutes(40, 2))?.value).toBe(40);
    expect(judge(...threeMinutes(39, 2))).toBeNull();
  });

  it('says nothing of an integration that read nothing', () => {
    expect(judge()).toBeNull();
    expect(judge(row(0, 0, 100))).toBeNull();
  });

  it('becomes milder by more pages of the list, which is why it waits for closed minutes', () => {
    expect(judge(...threeMinutes(90))?.severity).toBe('error');
    expect(judge(...threeMinutes(90), row(1, 0, 4))).toBeNull();
  });

  it('sees different records of one list, read with success, beside the pages of that list', () => {
    const reads = [1, 2, 2, 3].map((one) => ({ ...ITEM, resourceHash: hash(one) }));
    const others = [
      { ...ITEM, resourceHash: hash(4), status: 404 },
      { ...ITEM, resourceHash: hash(5), method: 'DELETE', operation: 'write' },
      { ...ITEM, resourceHash: hash(6), enforced: 'throttle' },
      ITEM,
      { status: 304 },
    ] as const;
    const [found, ...more] = routesOf({}, ...reads, ...others);
    expect(more).toEqual([]);
    expect(found).toMatchObject({ route: CONTACTS, listCalls: 1 });
    expect(found!.itemReads).toEqual({ [hash(1)]: 1, [hash(2)]: 2, [hash(3)]: 1 });
  });

  it.each([
    ['/v1/{organizationId}/contacts/{guid}', CONTACTS],
    ['/v1/{organizationId}/contacts/{guid}/', CONTACTS],
    ['/v1/{organizationId}/settings', null],
    ['/{organizationId}', null],
    ['/', null],
  ])('takes the list of %s to be %s', (route, list) => {
    expect(listOf(route)).toBe(list);
  });

  it('reports the third highest minute, and each minute with as many', () => {
    const verdict = judge(row(0, 30), row(3, 60), row(6, 27), row(9, 24))!;
    expect(verdict).toMatchObject({
      severity: 'info',
      value: 27,
      unit: 'single records per minute',
      threshold: 25,
      windowStart: '2026-09-30T11:46:00.000Z',
    });
    expect(verdict.evidence.map((line) => line.value)).toEqual([27, 60, 30]);
  });
});
