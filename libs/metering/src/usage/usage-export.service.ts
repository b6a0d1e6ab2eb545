import { Inject, Injectable, StreamableFile } from '@nestjs/common';
import { csvLine, Problem, type Actor } from '@taxameter/platform';
import { Readable } from 'node:stream';
import { MEASURES } from '../counters/usage-sums.js';
import type { UsagePlan } from './usage-plan.js';
import { UsageReader, type UsageItem } from './usage-reader.service.js';

/**
 * A whole range as CSV, page by page: no more than a page is in memory, and no connection of the database is held while a
 * client reads slowly. So the pages are not of one snapshot; each row is given once, with its figures of that moment.
 */

const PAGE_ROWS = 2_000;
/** What a spreadsheet can hold is 1,048,576 rows. */
const MOST_ROWS = 1_000_000;
/** In one process at once. */
const MOST_EXPORTS = 4;
/** A client that reads more slowly is cut off, and sees that the body is not complete. */
const LONGEST_EXPORT_MS = 15 * 60_000;

@Injectable()
export class UsageExport {
  private running = 0;

  constructor(@Inject(UsageReader) private readonly reader: UsageReader) {}

  /**
   * @throws Problem 422 when there are too many rows, 503 when too many exports run: both before the first byte
   */
  async open(actor: Actor, plan: UsagePlan, now: Date, mostRows = MOST_ROWS): Promise<StreamableFile> {
    if (this.running >= MOST_EXPORTS) {
      const detail = `${MOST_EXPORTS} exports run already: ask again when one has ended`;
      throw new Problem(503, 'too-many-exports', detail, {}, { 'retry-after': '10' });
    }
    this.running += 1;
    try {
      const whole = { ...plan, limit: PAGE_ROWS };
      await this.refuseTooMany(actor, whole, now, mostRows);
      // The first page before the first byte: what can be refused is refused with an answer.
      const first = await this.reader.page(actor, whole, now);
      const stream = Readable.from(this.pages(actor, whole, now, first), { objectMode: false });
      const timer = setTimeout(
        () => stream.destroy(new Error('the client reads too slowly')),
        LONGEST_EXPORT_MS,
      );
      stream.on('close', () => {
        clearTimeout(timer);
        this.running -= 1;
      });
      return new StreamableFile(stream, {
        type: 'text/csv; charset=utf-8; header=present',
        disposition: `attachment; filename="${fileNameOf(plan)}"`,
      });
    } catch (error) {
      this.running -= 1;
      throw error;
    }
  }

  private async refuseTooMany(actor: Actor, plan: UsagePlan, now: Date, mostRows: number): Promise<void> {
    const rows = await this.reader.countRows(actor, plan, mostRows, now);
    if (rows <= mostRows) return;
    throw new Problem(
      422,
      'too-many-rows',
      `the CSV would have more than ${mostRows} rows: ask for a shorter range, a coarser granularity or fewer groups`,
    );
  }

  private async *pages(
    actor: Actor,
    plan: UsagePlan,
    now: Date,
    first: Awaited<ReturnType<UsageReader['page']>>,
  ): AsyncGenerator<string> {
    const columns = columnsOf(plan);
    yield csvLine(columns);
    for (let page = first; ;) {
      yield page.items.map((item) => csvLine(columns.map((column) => item[column]))).join('');
      if (!page.next) return;
      page = await this.reader.page(actor, { ...plan, after: page.next }, now);
    }
  }
}

const COLUMN_OF_DIMENSION = {
  integration: 'integrationId',
  agreement: 'organizationId',
  route: 'route',
  statusClass: 'statusClass',
} as const;

function columnsOf({ groupBy }: UsagePlan): (keyof UsageItem)[] {
  const dimensions = groupBy.map((dimension) => COLUMN_OF_DIMENSION[dimension]);
  return ['windowStart', 'windowEnd', ...dimensions, ...MEASURES, 'revision'];
}

/** `usage-hour-20261005T060000Z-20261005T070000Z.csv` */
function fileNameOf({ granularity, range }: UsagePlan): string {
  const edges = [range.fromKey, range.toKey].map((key) =>
    key.endsWith('Z') ? key.replaceAll(/[-:]|\.000/g, '') : key,
  );
  return `usage-${granularity}-${edges.join('-')}.csv`;
}
