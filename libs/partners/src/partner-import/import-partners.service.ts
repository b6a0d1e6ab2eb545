import { ApiFailed, ask, askPages, type Api } from '../api-client/ask.service.js';
import type { Mistake, PartnerState } from '../partner/partner.js';
import { planImport, type PlannedLine } from './plan-import.js';
import type { PartnerFile } from './read-partner-csv.js';

/** Makes a running Taxameter say what a file of partners says, one command a line. Importing twice changes nothing. */

export type ImportedLine = Omit<PlannedLine, 'wanted'>;

/** How many lines had each outcome. */
export type ImportCounts = Readonly<Record<PlannedLine['outcome'], number>>;

export interface ImportReport extends ImportCounts {
  readonly encoding: PartnerFile['encoding'];
  /** True: nothing was sent, and the outcomes are those that sending would have had. */
  readonly dryRun: boolean;
}

/**
 * A line is done wholly or not at all, and a refused one stops no other.
 * @param told is given each line when its outcome is known, in the order of the file
 * @throws ApiFailed when Taxameter cannot be reached or knows the token not: the lines before stay done, and the same file may be
 *   imported again
 */
export async function importPartners(
  file: PartnerFile,
  api: Api,
  { dryRun, told }: { readonly dryRun: boolean; readonly told: (line: ImportedLine) => void },
): Promise<ImportReport> {
  const present: PartnerState[] = [];
  for await (const partner of askPages<PartnerState>(api, '/v1/partners')) present.push(partner);
  const counts = { created: 0, changed: 0, unchanged: 0, refused: 0 };
  for (const { wanted, ...planned } of planImport(file.lines, present)) {
    const line = wanted && !dryRun ? await send(api, planned, wanted) : planned;
    counts[line.outcome] += 1;
    told(line);
  }
  return { ...counts, encoding: file.encoding, dryRun };
}

async function send(api: Api, planned: ImportedLine, wanted: object): Promise<ImportedLine> {
  const path = `/v1/partners/${encodeURIComponent(planned.partnerId ?? '')}`;
  try {
    await ask(api, 'PUT', path, { ...wanted, reason: 'import' });
    return planned;
  } catch (error) {
    if (!(error instanceof ApiFailed) || (error.status !== 400 && error.status !== 409)) throw error;
    return { ...planned, outcome: 'refused', mistakes: mistakesOf(error) };
  }
}

/** What was answered, field by field; a partner that somebody changed meanwhile (409) has no field. */
function mistakesOf({ problem, message }: ApiFailed): Mistake[] {
  const { type, detail, errors } = (problem ?? {}) as {
    readonly type?: string;
    readonly detail?: string;
    readonly errors?: readonly Partial<Mistake>[];
  };
  const code = type?.replace(/^urn:taxameter:problem:/, '') ?? 'refused';
  if (!errors) return [{ field: 'partnerId', rule: code, reason: detail ?? message }];
  return errors.map(({ field = '', rule = code, reason = '' }) => ({ field, rule, reason }));
}
