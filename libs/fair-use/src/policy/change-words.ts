import type { Bilingual } from '../guidance/text.js';
import type { Direction } from './compare-policies.js';
import type { Override, Suppression } from './policy-document.js';

/** Says one change of a policy in a sentence, in Danish and English. */

export type { Bilingual };

interface Change {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly direction: Direction;
}

const DIRECTIONS: Readonly<Record<Direction, Bilingual>> = {
  sharper: { da: ' (strengere)', en: ' (sharper)' },
  milder: { da: ' (mildere)', en: ' (milder)' },
  mixed: { da: ' (kan være strengere)', en: ' (may be sharper)' },
  neither: { da: '', en: '' },
};

/** Names of places, the longest that fits first; what is not named is called by its path. */
const PLACES: Readonly<Record<string, Bilingual>> = {
  thresholds: { da: 'grænsen for', en: 'the threshold of' },
  windowMinutes: { da: 'vinduet i minutter', en: 'the window in minutes' },
  minCalls: { da: 'mindste antal kald', en: 'the fewest calls' },
  mode: { da: 'tilstand', en: 'mode' },
  calls: { da: 'kald', en: 'calls' },
  minutes: { da: 'minutter', en: 'minutes' },
  serverTimeMs: { da: 'servertid i ms', en: 'server time in ms' },
  integrations: { da: 'integrationen', en: 'the integration' },
  filterableRoutes: { da: 'listen der kan filtreres', en: 'the list that takes a filter' },
  overrides: { da: 'aftalen om', en: 'what is agreed on' },
  suppressions: { da: 'den aftalte pause for', en: 'the agreed pause of' },
  plans: { da: 'planen', en: 'the plan' },
  maxPageSize: { da: 'største side', en: 'the largest page' },
  warmUpMs: { da: 'tilvænning i ms', en: 'the time to settle in, in ms' },
  evaluationHorizonMs: { da: 'horisont i ms', en: 'the horizon in ms' },
  reopenWithinMs: { da: 'genåbning inden for ms', en: 'opened again within ms' },
  latenessMs: { da: 'forsinkelse i ms', en: 'lateness in ms' },
};

export function inWords({ path, before, after, direction }: Change): Bilingual {
  const in_ = (language: keyof Bilingual) => {
    const tail = DIRECTIONS[direction][language];
    const what = placeOf(path, language);
    const [was, is] = [before, after].map((value) => valueOf(value, language));
    if (before === null)
      return language === 'da' ? `${what}: ny, ${is}${tail}` : `${what}: new, ${is}${tail}`;
    if (after === null)
      return language === 'da' ? `${what}: udgår, var ${was}${tail}` : `${what}: gone, was ${was}${tail}`;
    return language === 'da' ? `${what}: ${was} bliver ${is}${tail}` : `${what}: ${was} becomes ${is}${tail}`;
  };
  return { da: in_('da'), en: in_('en') };
}

/** `rules.RATE_MINUTE.thresholds.info.calls` as "RATE_MINUTE, the threshold of info, calls". */
function placeOf(path: string, language: keyof Bilingual): string {
  const [first = '', ...rest] = path.split('.');
  if (first === 'filterableRoutes' || first === 'overrides' || first === 'suppressions') {
    return `${PLACES[first]![language]} ${rest.join('.')}`;
  }
  const parts = (first === 'rules' ? rest : [first, ...rest]).filter((part) => part !== 'rules');
  const named = parts.map((part) => PLACES[part]?.[language] ?? part);
  // What only introduces the next part is written together with it.
  return named.reduce((text, part, index) => {
    if (index === 0) return part;
    return INTRODUCING.has(parts[index - 1]!) ? `${text} ${part}` : `${text}, ${part}`;
  }, '');
}

const INTRODUCING = new Set(['thresholds', 'plans', 'integrations']);

/** Of what is agreed: what, and until when; who agreed is not said again. */
function valueOf(value: unknown, language: keyof Bilingual): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null || !('until' in value)) return JSON.stringify(value);
  const { settings, rules, until } = value as Partial<Override & Suppression>;
  const what = settings === undefined ? (rules?.join(', ') ?? '') : JSON.stringify(settings);
  return `${what} ${language === 'da' ? 'til' : 'until'} ${until}`.trim();
}
