import type { DataSource } from 'typeorm';
import type { LogExtent } from './log-position.js';
import type { LogReader, LogStretch } from './log-reader.js';
import type { StoredRecord } from './record.js';
import type { TableLog } from './table-log.service.js';

/** Reads stretches of the table log. It owns the connection that it is given. */
export class TableRangeReader implements LogReader {
  constructor(
    private readonly database: DataSource,
    private readonly log: TableLog,
  ) {}

  async extentOf(topic: string, partition: number): Promise<LogExtent> {
    return (await this.log.extentsOf(topic)).get(partition) ?? { first: 0, next: 0 };
  }

  async read(
    { topic, partition, fromOffset, toOffset }: LogStretch,
    each: (records: readonly StoredRecord[]) => Promise<void>,
  ): Promise<void> {
    for (let next = fromOffset; next < toOffset;) {
      const records = await this.log.read(topic, partition, next);
      const last = records.at(-1);
      if (last === undefined) return;
      await each(records.filter(({ offset }) => offset < toOffset));
      next = last.offset + 1;
    }
  }

  async close(): Promise<void> {
    await this.database.destroy();
  }
}
