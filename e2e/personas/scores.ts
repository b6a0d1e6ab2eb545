import { SEVERITIES, type Severity } from '@taxameter/contracts';
import { isGuilty, type Persona } from './cast.js';
import type { PersonaKind } from './persona.js';

/** Holds the cases that were opened against what each integration did, and writes both down as tables. Pure. */

/** As much of a case as is compared. */
export interface FoundCase {
  readonly ruleId: string;
  readonly severity: Severity;
  readonly scope: { readonly integrationId: string };
}

/** Whether a rule's findings count: a rule in shadow is judged by, and opens no case that anybody is told of. */
export type RuleState = 'judged' | 'in shadow' | 'not there yet';

/** Of one rule, in integrations. */
export interface RuleScore {
  readonly ruleId: string;
  readonly state: RuleState;
  /** Did what the rule is against. */
  readonly guilty: number;
  /** Of these, found by the rule at the severity expected or a worse one. */
  readonly found: number;
  /** Others with a case above `info`. */
  readonly accused: number;
  /** Others with a case at `info`, which asks nothing of anybody. */
  readonly noted: number;
}

/** What is wrong, in words: each line is an integration and a rule. */
export interface Scores {
  readonly rules: readonly RuleScore[];
  /** Broke the rule and was not found by it. */
  readonly missed: readonly string[];
  /** Is accused of what it did not do, and that was not known. */
  readonly wrong: readonly string[];
  /** Is known to be accused wrongly, and no longer is. */
  readonly mended: readonly string[];
}

const rank = (severity: Severity) => SEVERITIES.indexOf(severity);

/** @param states of each rule that the cast breaks, and of each that there is */
export function score(
  cast: readonly Persona[],
  cases: readonly FoundCase[],
  states: ReadonlyMap<string, RuleState>,
): Scores {
  const worst = worstOf(cases);
  const missed: string[] = [];
  const wrong: string[] = [];
  const mended: string[] = [];
  const rules = [...states].map(([ruleId, state]): RuleScore => {
    const counts = { guilty: 0, found: 0, accused: 0, noted: 0 };
    for (const { integrationId, kind } of cast) {
      const severity = worst.get(`${ruleId} ${integrationId}`);
      const expected = kind.breaks[ruleId];
      if (expected === undefined) {
        const isKnown = kind.wronglyAccused?.[ruleId] !== undefined;
        const isAccused = severity !== undefined && severity !== 'info';
        const who = `${integrationId} (${nature(kind)}): ${ruleId} ${severity ?? 'nothing'}`;
        if (isAccused) counts.accused += 1;
        else if (severity === 'info') counts.noted += 1;
        if (isAccused && !isKnown) wrong.push(who);
        if (isKnown && !isAccused && state === 'judged') mended.push(who);
        continue;
      }
      counts.guilty += 1;
      if (severity !== undefined && rank(severity) >= rank(expected)) counts.found += 1;
      else if (state === 'judged')
        missed.push(`${integrationId}: ${ruleId} ${severity ?? 'nothing'}, expected ${expected}`);
    }
    return { ruleId, state, ...counts };
  });
  return { rules, missed, wrong, mended };
}

/** The page that is committed. */
export function describeScores(
  { rules }: Scores,
  cast: readonly Persona[],
  cases: readonly FoundCase[],
): string {
  const judged = rules.filter(({ state }) => state === 'judged');
  const guilty = cast.filter(({ kind }) => isGuilty(kind)).length;
  const sum = (count: keyof Pick<RuleScore, 'guilty' | 'found' | 'accused' | 'noted'>) =>
    judged.reduce((total, rule) => total + rule[count], 0);
  const all = { ruleId: 'all', guilty: sum('guilty'), found: sum('found') };
  const total = { ...all, accused: sum('accused'), noted: sum('noted'), state: 'judged' } as const;
  return `# Fair use, tried on 200 invented integrations

${cast.length} integrations live through a day: ${guilty} that break a rule and ${cast.length - guilty} that do not. What each kind does is
written in \`e2e/personas/\`; \`npm run e2e -- personas\` feeds their events through the real room and fails when this page does
not say what came out.

## By rule

Counted in integrations. _Found_: at the severity that is right, or a worse one. _Wrongly accused_: a case above \`info\` of
somebody who did not do that, guilty of something else or of nothing. _Noted_: such a case at \`info\`, which asks nothing of anybody.

${table(
  ['rule', 'guilty:', 'found:', 'wrongly accused:', 'noted:', 'precision:', 'recall:'],
  [...judged, total].map((rule) => [
    rule.ruleId === 'all' ? '**all**' : `\`${rule.ruleId}\``,
    ...[rule.guilty, rule.found, rule.accused, rule.noted].map(String),
    share(rule.found, rule.found + rule.accused),
    share(rule.found, rule.guilty),
  ]),
)}
${waiting(rules)}${knownFaults(cast)}
## By kind

${table(
  ['an integration that …', 'of these:', 'must be found by', 'cases opened'],
  kindsOf(cast).map((kind) => {
    const names = new Set(cast.filter((one) => one.kind === kind).map(({ integrationId }) => integrationId));
    return [
      `${kind.does} (\`${kind.name}\`)`,
      String(kind.count),
      listed(Object.entries(kind.breaks).map(([ruleId, severity]) => `\`${ruleId}\` ${severity}`)) ??
        'nothing',
      listed(summary(cases.filter(({ scope }) => names.has(scope.integrationId)))) ?? '–',
    ];
  }),
)}
`;
}

function waiting(rules: readonly RuleScore[]): string {
  const others = rules.filter(({ state }) => state !== 'judged');
  if (others.length === 0) return '';
  const lines = others.map(
    ({ ruleId, state, guilty }) =>
      `- \`${ruleId}\`: ${state}, for which so many integrations wait: ${guilty}`,
  );
  return `\nNot counted above:\n\n${lines.join('\n')}\n`;
}

function knownFaults(cast: readonly Persona[]): string {
  const faults = kindsOf(cast).flatMap(({ name, wronglyAccused = {} }) =>
    Object.entries(wronglyAccused).map(([ruleId, why]) => `- \`${ruleId}\` of \`${name}\`: ${why}`),
  );
  return faults.length === 0 ? '' : `\nKnown to be wrongly accused:\n\n${faults.join('\n')}\n`;
}

/** `RULE warning × 3`, cases and not integrations, worst first. */
function summary(cases: readonly FoundCase[]): string[] {
  const counts = new Map<string, number>();
  const sorted = cases.toSorted(
    (left, right) =>
      left.ruleId.localeCompare(right.ruleId, 'en') || rank(right.severity) - rank(left.severity),
  );
  for (const { ruleId, severity } of sorted) {
    const name = `\`${ruleId}\` ${severity}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => `${name} × ${count}`);
}

function worstOf(cases: readonly FoundCase[]): Map<string, Severity> {
  const worst = new Map<string, Severity>();
  for (const { ruleId, severity, scope } of cases) {
    const key = `${ruleId} ${scope.integrationId}`;
    const known = worst.get(key);
    if (known === undefined || rank(severity) > rank(known)) worst.set(key, severity);
  }
  return worst;
}

const kindsOf = (cast: readonly Persona[]) => [...new Set(cast.map(({ kind }) => kind))];
const nature = (kind: PersonaKind) => (isGuilty(kind) ? 'guilty of something else' : 'innocent');
const listed = (words: readonly string[]) => (words.length > 0 ? words.join(', ') : undefined);

/** In percent, cut and never rounded up: 100 means all of them. */
function share(part: number, whole: number): string {
  return whole === 0 ? '–' : `${Math.floor((part * 1000) / whole) / 10} %`;
}

/** A Markdown table as prettier writes it. @param titles with a colon at the end: numbers, to the right */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const isRight = titles.map((title) => title.endsWith(':'));
  const lines = [titles.map((title) => title.replace(/:$/, '')), ...rows];
  const widths = titles.map((_, column) => Math.max(3, ...lines.map((line) => line[column]!.length)));
  const written = lines.map((line) =>
    line.map((cell, column) =>
      isRight[column] ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
    ),
  );
  const rule = widths.map((width, column) =>
    isRight[column] ? `${'-'.repeat(width - 1)}:` : '-'.repeat(width),
  );
  return [written[0]!, rule, ...written.slice(1)].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
