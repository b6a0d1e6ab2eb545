/** What a file of partners changes: line by line what is created, changed, left as it is, or refused and why. */
import { fields } from '@taxameter/contracts';
import { z } from 'zod';
import {
  partnerDetails,
  partnerMistakes,
  type Mistake,
  type PartnerDetails,
  type PartnerState,
} from '../partner/partner.js';
import { partnerLine } from './partner-csv.js';
import type { Cells, CsvLine } from './read-partner-csv.js';

export interface PlannedLine {
  readonly line: number;
  /** Null where the line does not say. */
  readonly partnerId: string | null;
  readonly outcome: 'created' | 'changed' | 'unchanged' | 'refused';
  readonly mistakes: readonly Mistake[];
  /** The body of the command; null where there is nothing to do. */
  readonly wanted: (PartnerDetails & { readonly version: number }) | null;
}

const details = z.strictObject(partnerDetails);
const identifier = fields.identifier(64);
const ADDRESS = ['street', 'street2', 'postalCode', 'city', 'country'] as const;
const PLAIN = [
  ...(['name', 'cvr', 'vatNumber', 'gln', 'email', 'orderNumber', 'buyerReference'] as const),
  ...(['language', 'delivery'] as const),
];

/**
 * A line is about the partner that its `partnerId` names; without one, about the partner with its CVR number, or a new one named after
 * that. A partner is said once in a file: a later line about it is refused.
 */
export function planImport(lines: readonly CsvLine[], present: readonly PartnerState[]): PlannedLine[] {
  const byId = new Map(present.map((partner) => [partner.partnerId, partner]));
  const byCvr = groupedByCvr(present);
  const seen = new Map<string, number>();
  return lines.map((line) => {
    const found = identify(line.cells, byCvr);
    if (typeof found !== 'string') return refused(line.line, null, [...line.mistakes, found]);
    const first = seen.get(found);
    if (first !== undefined) {
      const reason = `is said a second time, first in line ${first}`;
      return refused(line.line, found, [{ field: 'partnerId', rule: 'once', reason }]);
    }
    seen.set(found, line.line);
    return planLine(line, found, byId.get(found) ?? null);
  });
}

function groupedByCvr(partners: readonly PartnerState[]): Map<string, PartnerState[]> {
  const groups = new Map<string, PartnerState[]>();
  for (const partner of partners) {
    if (partner.cvr !== null) groups.set(partner.cvr, [...(groups.get(partner.cvr) ?? []), partner]);
  }
  return groups;
}

function identify(
  { partnerId, cvr }: Cells,
  byCvr: ReadonlyMap<string, readonly PartnerState[]>,
): string | Mistake {
  if (partnerId) {
    const checked = identifier.safeParse(partnerId);
    if (checked.success) return partnerId;
    return {
      field: 'partnerId',
      rule: 'shape',
      reason: checked.error.issues[0]?.message ?? 'is no identifier',
    };
  }
  if (!cvr) return { field: 'partnerId', rule: 'required', reason: 'is missing, and so is cvr' };
  if (!/^\d{8}$/.test(cvr)) return { field: 'cvr', rule: 'shape', reason: 'is not eight digits' };
  const [one, ...others] = byCvr.get(cvr) ?? [];
  if (others.length === 0) return one?.partnerId ?? `cvr-${cvr}`;
  return { field: 'cvr', rule: 'unique', reason: `is that of ${others.length + 1} partners: give partnerId` };
}

function planLine(
  { line, cells, mistakes }: CsvLine,
  partnerId: string,
  present: PartnerState | null,
): PlannedLine {
  const version = present?.version ?? 0;
  const checked = details.safeParse(merged(cells, present));
  if (!checked.success) {
    const shape = checked.error.issues.map((issue) => ({
      field: issue.path.join('.'),
      ...(issue.code === 'invalid_type'
        ? { rule: 'required', reason: 'is missing' }
        : { rule: 'shape', reason: issue.message }),
    }));
    return refused(line, partnerId, [...mistakes, ...shape]);
  }
  const all = [...mistakes, ...partnerMistakes(checked.data, present)];
  if (all.length > 0) return refused(line, partnerId, all);
  // A line holds all that can be said, so partners with the same line are the same.
  if (present && partnerLine({ ...checked.data, partnerId, version }) === partnerLine(present)) {
    return { line, partnerId, outcome: 'unchanged', mistakes: [], wanted: null };
  }
  const outcome = present ? 'changed' : 'created';
  return { line, partnerId, outcome, mistakes: [], wanted: { ...checked.data, version } };
}

/** What the partner would be: columns that the file lacks stay as they are. */
function merged(cells: Cells, present: PartnerState | null): Record<string, unknown> {
  const said = (column: keyof Cells) => cells[column] !== undefined;
  const { partnerId: _id, version: _version, ...recorded } = present ?? {};
  const wanted: Record<string, unknown> = { ...recorded };
  // An empty cell of language or delivery means the usual one, not none.
  for (const column of PLAIN.filter(said)) wanted[column] = cells[column] ?? emptied(column);
  if (ADDRESS.some(said)) {
    const parts: Record<string, string | null | undefined> = { ...present?.address };
    for (const column of ADDRESS.filter(said)) parts[column] = cells[column] ?? null;
    const given = Object.entries(parts).filter(([, value]) => value !== null && value !== undefined);
    wanted['address'] = given.length === 0 ? null : Object.fromEntries(given);
  }
  return wanted;
}

function emptied(column: (typeof PLAIN)[number]): null | undefined {
  return column === 'language' || column === 'delivery' || column === 'name' ? undefined : null;
}

function refused(line: number, partnerId: string | null, mistakes: readonly Mistake[]): PlannedLine {
  return { line, partnerId, outcome: 'refused', mistakes, wanted: null };
}
