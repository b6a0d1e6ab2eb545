import type { AuditDifference, AuditNote, AuditReport } from '@taxameter/platform';
import { table } from './terminal.js';

/** An audit for a person: what differs and where, what could not be compared, and how much was. */
export function describeAudit({ differences, differenceCount, notes, checked }: AuditReport): string[] {
  const count = (value: number) => value.toLocaleString('en');
  const lines = notes.map(
    (note) => `not compared: ${placeOf(note).filter(Boolean).join(' ')}: ${note.detail}`,
  );
  if (differences.length > 0) {
    lines.push(
      ...table(
        [
          ...['room', 'topic', 'partition', 'offsets', 'check'].map((title) => ({ title })),
          { title: 'expected', align: 'right' },
          { title: 'found', align: 'right' },
          { title: '' },
        ],
        differences.map(rowOf),
      ),
    );
  }
  if (differenceCount > differences.length)
    lines.push(`… and ${count(differenceCount - differences.length)} more`);
  lines.push(
    `${differenceCount === 0 ? 'no difference' : `${count(differenceCount)} differences`}: ` +
      `${count(checked.rooms)} rooms, ${count(checked.partitions)} partitions, ${count(checked.ranges)} ranges, ` +
      `${count(checked.records)} records, ${count(checked.events)} events read again`,
  );
  return lines;
}

function rowOf(difference: AuditDifference): string[] {
  const { check, expected, found, detail } = difference;
  return [...placeOf(difference), check, String(expected), String(found), detail];
}

function placeOf({ room, topic, partition, fromOffset, toOffset }: AuditNote | AuditDifference): string[] {
  const offsets = fromOffset === null || toOffset === null ? '' : `${fromOffset}–${toOffset}`;
  return [room, topic ?? '', partition === null ? '' : String(partition), offsets];
}
