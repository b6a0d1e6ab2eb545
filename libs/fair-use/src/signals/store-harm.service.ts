import type { EntityManager } from 'typeorm';
import type { Harm } from './harm.js';
import { ANSWER_TABLE, PLATFORM_TABLE, type HarmTable } from './harm-tables.js';
import { upsertInto } from './upsert.js';

/**
 * Adds what a batch says for the evidence of cases, in its transaction, after its signals. Rows are written in the order of their keys, as
 * signals are: two consumers never wait for each other in a circle.
 */
export async function storeHarm(tx: EntityManager, { platform, answers }: Harm): Promise<void> {
  await add(tx, PLATFORM_TABLE, ADD_PLATFORM, platform);
  await add(tx, ANSWER_TABLE, ADD_ANSWERS, answers);
}

const ADD_PLATFORM = upsertInto(PLATFORM_TABLE);
const ADD_ANSWERS = upsertInto(ANSWER_TABLE);

async function add<Row>(
  tx: EntityManager,
  { keyFields, measureFields }: HarmTable<Row>,
  statement: string,
  rows: readonly Row[],
): Promise<void> {
  if (rows.length === 0) return;
  const keys = keyFields.map((field) => rows.map((row) => row[field]));
  const values = measureFields.map(([field, { encode }]) => rows.map((row) => encode(row[field])));
  await tx.query(statement, [...keys, ...values]);
}
