import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Calls by kind. A row from before has 0 in each of them. The default is no rewrite of the table. */
export class CallKinds1760000100031 implements MigrationInterface {
  name = 'CallKinds1760000100031';

  async up(runner: QueryRunner): Promise<void> {
    const columns = ['list', 'item', 'write', 'action', 'file', 'auth', 'other'].map(
      (kind) => `calls_${kind}`,
    );
    for (const [table, type] of [
      ['usage_minute', 'integer'],
      ['usage_hour', 'integer'],
      ['usage_day', 'bigint'],
      ['usage_quarter', 'bigint'],
    ]) {
      const added = columns.map(
        (column) => `add column ${column} ${type} not null default 0 check (${column} >= 0)`,
      );
      await runner.query(`
        alter table ${table} ${added.join(', ')}, add check (${columns.join(' + ')} <= calls)`);
    }
  }

  async down(): Promise<void> {
    // Forward only: counted usage is never thrown away by a migration.
  }
}
