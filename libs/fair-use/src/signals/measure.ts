import { SLOTS_PER_MINUTE } from './minute.js';

/**
 * A measure of a signal: how two of its values merge, here and in SQL. Only merges that do not care for order or grouping may
 * stand here (sums and maxima, never averages or "the last one"), so that the order of events, the cut into batches and the
 * number of processes change nothing (design 8.4).
 */
export interface Measure<Value> {
  readonly column: string;
  readonly sqlType: 'bigint' | 'integer[]' | 'jsonb';
  readonly none: () => Value;
  /** Commutative and associative; changes neither side. */
  readonly merge: (left: Value, right: Value) => Value;
  /** The same merge as an SQL expression over two columns. */
  readonly mergeInSql: (kept: string, added: string) => string;
  /** As one element of a PostgreSQL array: of arrays in an array it makes one long one, so these go as text. */
  readonly encode: (value: Value) => number | string;
}

export function sum(column: string): Measure<number> {
  return {
    column,
    sqlType: 'bigint',
    none: () => 0,
    merge: (left, right) => left + right,
    mergeInSql: (kept, added) => `${kept} + ${added}`,
    encode: (value) => value,
  };
}

export function maximum(column: string): Measure<number> {
  return {
    column,
    sqlType: 'bigint',
    none: () => 0,
    merge: (left, right) => Math.max(left, right),
    mergeInSql: (kept, added) => `greatest(${kept}, ${added})`,
    encode: (value) => value,
  };
}

/** A number for each slot of the minute, summed slot by slot. */
export function slotSums(column: string): Measure<readonly number[]> {
  return bySlot(column, SLOTS_PER_MINUTE, (left, right) => left + right, plus);
}

/** As `slotSums`, of what most minutes have none of: no slots at all are all zeros. */
export function rareSlotSums(column: string): Measure<readonly number[]> {
  return rare(slotSums(column));
}

/** A number for each of so many slots from the minute's start; of two the higher one counts, and no slots at all are all zeros. */
export function rareSlotMaxima(column: string, slots: number): Measure<readonly number[]> {
  return rare(bySlot(column, slots, Math.max, (left, right) => `greatest(${left}, ${right})`));
}

/** A count for each of so many buckets, summed bucket by bucket; no buckets at all are all zeros. */
export function bucketSums(column: string, buckets: number): Measure<readonly number[]> {
  return rare(bySlot(column, buckets, (left, right) => left + right, plus));
}

const plus = (left: string, right: string) => `${left} + ${right}`;

function rare(measure: Measure<readonly number[]>): Measure<readonly number[]> {
  return {
    ...measure,
    none: () => [],
    merge: (left, right) =>
      left.length === 0 ? right : right.length === 0 ? left : measure.merge(left, right),
    mergeInSql: (kept, added) =>
      `case when ${added} = '{}' then ${kept} when ${kept} = '{}' then ${added}
            else ${measure.mergeInSql(kept, added)} end`,
  };
}

function bySlot(
  column: string,
  slots: number,
  merge: (left: number, right: number) => number,
  mergeInSql: (kept: string, added: string) => string,
): Measure<readonly number[]> {
  const places = Array.from({ length: slots }, (_, slot) => slot + 1);
  return {
    column,
    sqlType: 'integer[]',
    none: noSlots,
    merge: (left, right) => left.map((value, slot) => merge(value, right[slot]!)),
    mergeInSql: (kept, added) =>
      `array[${places.map((place) => mergeInSql(`${kept}[${place}]`, `${added}[${place}]`)).join(', ')}]`,
    encode: (value) => `{${value.join(',')}}`,
  };
}

export function noSlots(): number[] {
  return new Array<number>(SLOTS_PER_MINUTE).fill(0);
}

/** How often each of some hashes was counted. */
export type CountedSet = Readonly<Record<string, number>>;

/** More hashes than this are not kept of a row. */
export const COUNTED_SET_LIMIT = 128;

/**
 * How often each hash was counted, of the `COUNTED_SET_LIMIT` smallest hashes (in the order of their bytes). Those that are kept of
 * the whole were kept of each part of it, with all their counts: so the bound costs nothing in exactness of what is kept, and what is
 * left out is only ever too low a count.
 */
export function countedSet(column: string): Measure<CountedSet> {
  return {
    column,
    sqlType: 'jsonb',
    none: () => ({}),
    merge: mergeCounts,
    mergeInSql: (kept, added) =>
      `case when ${added} = '{}' then ${kept} when ${kept} = '{}' then ${added}
            else merged_counts(${kept}, ${added}, ${COUNTED_SET_LIMIT}) end`,
    encode: (value) => JSON.stringify(value),
  };
}

function mergeCounts(left: CountedSet, right: CountedSet): CountedSet {
  const merged: Record<string, number> = { ...left };
  for (const [hash, count] of Object.entries(right)) merged[hash] = (merged[hash] ?? 0) + count;
  return bounded(merged);
}

/** The smallest hashes only. */
export function bounded(counts: CountedSet): CountedSet {
  const hashes = Object.keys(counts);
  if (hashes.length <= COUNTED_SET_LIMIT) return counts;
  const kept = hashes.sort((left, right) => (left < right ? -1 : 1)).slice(0, COUNTED_SET_LIMIT);
  return Object.fromEntries(kept.map((hash) => [hash, counts[hash]!]));
}

/** Some of many texts: the smallest ones, so that the same are kept in whatever order and cut they come. */
export type SampledTexts = readonly string[];

export const SAMPLE_SIZE = 5;

/** The `SAMPLE_SIZE` smallest texts, ascending. They must be printable ASCII: of those PostgreSQL and node think the same order. */
export function smallestTexts(column: string): Measure<SampledTexts> {
  return {
    column,
    sqlType: 'jsonb',
    none: () => [],
    merge: (left, right) => [...new Set([...left, ...right])].sort(byCode).slice(0, SAMPLE_SIZE),
    // What is larger than all that are kept, as ids that grow with time are, costs no merge.
    mergeInSql: (kept, added) =>
      `case when ${added} = '[]' or (${kept} ->> ${SAMPLE_SIZE - 1}) collate "C" <= ${added} ->> 0 then ${kept}
            else smallest_texts(${kept}, ${added}, ${SAMPLE_SIZE}) end`,
    encode: (value) => JSON.stringify(value),
  };
}

const byCode = (left: string, right: string) => (left < right ? -1 : left > right ? 1 : 0);

/** Adds a text in place to the smallest ones of a batch. Most texts are refused by one comparison. */
export function addSample(sample: string[], text: string): void {
  if (sample.length === SAMPLE_SIZE && text >= sample[SAMPLE_SIZE - 1]!) return;
  if (sample.includes(text) || !/^[ -~]+$/.test(text)) return;
  sample.push(text);
  sample.sort(byCode);
  if (sample.length > SAMPLE_SIZE) sample.pop();
}
