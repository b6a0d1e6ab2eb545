import type { Measure } from './measure.js';

/** A table of sums: what names a row, and what is measured of it. */
export interface SummedTable {
  readonly name: string;
  /** In the order of the primary key's columns or another one; all of them. */
  readonly keys: readonly { readonly column: string; readonly sqlType: 'text' | 'integer' }[];
  readonly measures: readonly Pick<Measure<unknown>, 'column' | 'sqlType' | 'mergeInSql'>[];
}

/** The statement that adds rows, one array for each key and each measure, to those that are kept. */
export function upsertInto({ name, keys, measures }: SummedTable): string {
  const keyColumns = keys.map(({ column }) => column);
  const columns = [...keyColumns, ...measures.map(({ column }) => column)];
  const types = [
    ...keys.map(({ sqlType }) => sqlType),
    ...measures.map(({ sqlType }) => (sqlType === 'bigint' ? 'bigint' : 'text')),
  ];
  const merges = measures.map(
    ({ column, mergeInSql }) => `${column} = ${mergeInSql(`kept.${column}`, `excluded.${column}`)}`,
  );
  return `insert into ${name} as kept (${columns.join(', ')})
    select ${[...keyColumns, ...measures.map(({ column, sqlType }) => `${column}::${sqlType}`)].join(', ')}
    from unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')}) as added (${columns.join(', ')})
    on conflict (${keyColumns.join(', ')}) do update set ${merges.join(', ')}`;
}
