/** The items of the review, and what they say to people in Danish and English. */

export const ITEM_IDS = [
  ...(['calls', 'scopes-not-used', 'scopes-not-asked', 'write-scope', 'forbidden', 'token'] as const),
  ...(['errors', 'changes-since', 'page-size', 'after-429', 'sms', 'volume'] as const),
] as const;
export type ItemId = (typeof ITEM_IDS)[number];

/** `ok`; `warning`: look at it; `missing`: must be shown before approval; `unknown`: the calls do not tell. */
export const ITEM_STATES = ['ok', 'warning', 'missing', 'unknown'] as const;
export type ItemState = (typeof ITEM_STATES)[number];

export interface Explanation {
  readonly da: string;
  readonly en: string;
}

type Text = readonly [da: string, en: string];

/** `{names}` are the scopes it is about. A state that an item never has falls back to `otherwise`. */
const TEXTS: Readonly<Record<ItemId, Partial<Record<ItemState, Text>> & { readonly otherwise: Text }>> = {
  calls: {
    ok: ['Integrationen har kaldt API’et.', 'The integration has called the API.'],
    otherwise: [
      'Der er ikke set et eneste kald endnu. Der skal gennemføres en test.',
      'Not a single call has been seen yet. A test has to be run.',
    ],
  },
  'scopes-not-used': {
    ok: ['Alle de scopes, der er ansøgt om, er i brug.', 'All scopes asked for are in use.'],
    warning: [
      'Der er ansøgt om scopes, som ikke er set i brug: {names}. Der gives kun adgang til det, der er brug for.',
      'Scopes were asked for that have not been seen in use: {names}. Only what is needed is given.',
    ],
    otherwise: [
      'Kaldene fortæller ikke, hvilke scopes de blev foretaget med.',
      'The calls do not tell which scopes they were made with.',
    ],
  },
  'scopes-not-asked': {
    ok: [
      'Ingen andre scopes er i brug end dem, der er ansøgt om.',
      'No scopes are in use but those asked for.',
    ],
    warning: [
      'Der bruges scopes, som der ikke er ansøgt om: {names}.',
      'Scopes are in use that were not asked for: {names}.',
    ],
    otherwise: [
      'Kaldene fortæller ikke, hvilke scopes de blev foretaget med.',
      'The calls do not tell which scopes they were made with.',
    ],
  },
  'write-scope': {
    ok: ['Adgangen til at skrive svarer til brugen.', 'The access to write matches the use.'],
    warning: [
      'Der er ansøgt om at skrive, men der er kun set kald, der læser.',
      'Write access was asked for, but only calls that read have been seen.',
    ],
    otherwise: ['Det kan først ses, når der er kald.', 'It shows when there are calls.'],
  },
  forbidden: {
    ok: ['Der er ingen eller kun få afviste kald (403).', 'No or only a few calls were refused (403).'],
    warning: [
      'Mange kald er afvist med 403. Tjek, om der mangler et scope, eller om kunden har trukket adgangen tilbage.',
      'Many calls were refused with 403. Check for a missing scope or a customer who has withdrawn access.',
    ],
    otherwise: ['Det kan først ses, når der er kald.', 'It shows when there are calls.'],
  },
  token: {
    ok: ['Alle kald er foretaget med token.', 'All calls were made with a token.'],
    warning: [
      'Nogle kald er foretaget med andet end token. Vilkårene kræver token.',
      'Some calls were made with something other than a token. The terms require tokens.',
    ],
    otherwise: [
      'Kaldene fortæller ikke, hvordan integrationen har logget ind.',
      'The calls do not tell how the integration signed in.',
    ],
  },
  errors: {
    ok: ['Få kald fejler.', 'Few calls fail.'],
    warning: [
      'For stor en andel af kaldene fejler (4xx). Fejlen skal rettes, før kaldet gentages.',
      'Too large a share of the calls fails (4xx). The fault must be mended before the call is repeated.',
    ],
    otherwise: [
      'Der er for få kald til at sige noget om fejl.',
      'There are too few calls to speak of errors.',
    ],
  },
  'changes-since': {
    ok: ['Lister hentes med changesSince.', 'Lists are fetched with changesSince.'],
    warning: [
      'Lister hentes oftest i deres helhed. Hent kun ændringer med changesSince, eller brug webhooks.',
      'Lists are mostly fetched whole. Fetch changes only, with changesSince, or use webhooks.',
    ],
    otherwise: [
      'Der er ikke hentet nogen liste, som kan hentes med changesSince.',
      'No list that takes changesSince has been fetched.',
    ],
  },
  'page-size': {
    ok: ['Lange lister hentes i store sider.', 'Long lists are fetched in large pages.'],
    warning: [
      'Der bladres i små sider (højst 100). Hæv pageSize til 1000.',
      'Lists are paged through in small pages (100 or less). Raise pageSize to 1000.',
    ],
    otherwise: [
      'Ingen liste er hentet ud over første side.',
      'No list has been fetched beyond its first page.',
    ],
  },
  'after-429': {
    ok: ['Integrationen venter, når den får svaret 429.', 'The integration waits when it is answered 429.'],
    warning: [
      'Integrationen bliver ved med at kalde efter svaret 429. Den skal vente den tid, der står i Retry-After.',
      'The integration goes on calling after a 429. It must wait for the time that Retry-After gives.',
    ],
    otherwise: [
      'Integrationen har ikke fået svaret 429 endnu. Det skal testes.',
      'The integration has not been answered 429 yet. It has to be tested.',
    ],
  },
  sms: {
    ok: ['Brugen af SMS svarer til ansøgningen.', 'The use of SMS matches the application.'],
    warning: [
      'Der er sendt SMS, men det står ikke i ansøgningen. Hver SMS faktureres.',
      'SMS were sent, but the application does not say so. Every SMS is invoiced.',
    ],
    otherwise: [
      'Der er ansøgt om at sende SMS, men ingen test-SMS er set.',
      'SMS were applied for, but no test SMS has been seen.',
    ],
  },
  volume: {
    ok: [
      'Mængden af kald holder sig inden for det forventede.',
      'The number of calls is within what was expected.',
    ],
    warning: [
      'Den travleste dag havde flere kald end forventet. Forventningen er måske for lav.',
      'The busiest day had more calls than expected. The expectation may be too low.',
    ],
    otherwise: ['Det kan først ses, når der er kald.', 'It shows when there are calls.'],
  },
};

export function explain(id: ItemId, state: ItemState, names: readonly string[]): Explanation {
  const texts = TEXTS[id];
  const [da, en] = texts[state] ?? texts.otherwise;
  const list = names.join(', ');
  return { da: da.replace('{names}', list), en: en.replace('{names}', list) };
}
