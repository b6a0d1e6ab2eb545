import { defaultPolicy } from '../policy/default-policy.js';
import type { RuleId } from '../policy/policy.js';
import { isIntegrationWide, ruleNamed } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';
import { CONTACTS } from '../signals/signals.testing.js';
import { guidanceFor } from './guidance.js';

/** What partners read, word for word. Whoever changes a sentence sees here what becomes of it. */

type Found = Pick<Verdict, 'severity' | 'value' | 'threshold'>;

const SENTENCES: readonly (readonly [RuleId, Found, string])[] = [
  [
    'IGNORES_429',
    { severity: 'warning', value: 7, threshold: 5 },
    'I løbet af de 10 minutter frem til 30.09.2026 kl. 22.00 UTC foretog I 7 kald for aftale 148383, mens ' +
      'et tidligere svar med status 429 (for mange kald) bad jer vente. Grænsen går ved 5 kald. Kald, der ' +
      'allerede var på vej, da svaret kom, er ikke talt med. Vent det antal sekunder, der står i ' +
      '`Retry-After`, ellers 60 sekunder, før I foretager det næste kald for aftalen. Får I 429 igen, så ' +
      'fordobl ventetiden, og læg en lille tilfældig forskydning til.',
  ],
  [
    'CONCURRENCY',
    { severity: 'warning', value: 9, threshold: 6 },
    'I mindst 3 af de 10 minutter frem til 30.09.2026 kl. 22.00 UTC havde jeres integration 9 eller flere ' +
      'samtidige kald i gang for aftale 148383. Grænsen går ved 6 på én gang. Send kaldene gennem en kø, ' +
      'der højst har 5 i gang ad gangen og først begynder på det næste, når et af dem er besvaret.',
  ],
  [
    'N_PLUS_ONE',
    { severity: 'warning', value: 63, threshold: 50 },
    'I mindst 3 af de 15 minutter frem til 30.09.2026 kl. 22.00 UTC hentede I 63 eller flere forskellige ' +
      'enkeltposter pr. minut for aftale 148383 lige efter listen `GET /v1/{organizationId}/contacts`. ' +
      'Grænsen går ved 50 pr. minut. Bed om de felter, I mangler, med `fields=` på listekaldet, og hent kun ' +
      'de poster enkeltvis, der er ændret, højst 12 pr. minut.',
  ],
  [
    'SMALL_PAGES',
    { severity: 'warning', value: 62, threshold: 50 },
    'I løbet af de 15 minutter frem til 30.09.2026 kl. 22.00 UTC har I bladret gennem 62 sider af listen ' +
      '`GET /v1/{organizationId}/contacts` for aftale 148383 med højst 100 poster på hver. Grænsen går ved ' +
      '50 sider. Sæt `pageSize=1000`, så får I de samme poster med langt færre kald.',
  ],
  [
    'DUPLICATE_READS',
    { severity: 'error', value: 240, threshold: 200 },
    'Det samme opslag på `GET /v1/{organizationId}/contacts` er foretaget 240 gange i løbet af de 10 ' +
      'minutter frem til 30.09.2026 kl. 22.00 UTC for aftale 148383, hver gang med uændret svar. Grænsen ' +
      'går ved 200 gange. Gem svaret hos jer selv i mindst 60 minutter, før I spørger igen; det gælder især ' +
      'kontoplan, momskoder og indstillinger.',
  ],
  [
    'IGNORES_BLOCK',
    { severity: 'warning', value: 18, threshold: 10 },
    'Jeres integration er spærret, men har i mindst 10 af de 15 minutter frem til 30.09.2026 kl. 22.00 ' +
      'UTC foretaget 18 eller flere kald pr. minut for aftale 148383, som spærringen afviste. Grænsen går ' +
      'ved 10 pr. minut. Stop kaldene, indtil spærringen er ophævet: svaret siger hvorfor og har et link, ' +
      'hvor I kan svare os. Vil I se, om den er ophævet, så prøv med højst 4 kald pr. minut.',
  ],
  [
    'SCOPE_MISMATCH',
    { severity: 'warning', value: 71, threshold: 50 },
    'I løbet af de 24 timer frem til 30.09.2026 kl. 22.00 UTC blev 71 af jeres integrations kald afvist ' +
      'med 403, fordi jeres access token mangler en rettighed (scope). Grænsen går ved 50 kald. Bed om ' +
      'rettigheden, når kunden giver adgang, hvis integrationen har brug for den, og fjern ellers kaldet. ' +
      'Er 2 kald afvist af den grund inden for et døgn, så send ikke flere af dem, før rettigheden er på ' +
      'plads.',
  ],
  [
    'AUTH_FAILURES',
    { severity: 'warning', value: 90, threshold: 75 },
    'I løbet af de 60 minutter frem til 30.09.2026 kl. 22.00 UTC blev 90 af jeres integrations kald ' +
      'afvist med 401 eller 403, når det første på hver aftale ikke tælles med. Grænsen går ved 75 og ' +
      'vokser med antallet af aftaler, I bruger. Forny access token, før det udløber (efter ca. en time), ' +
      'og stop kald til aftaler, hvor kunden har trukket adgangen tilbage. Afvises et kald til en aftale, ' +
      'så lad der gå mindst 61 minutter, før I prøver den aftale igen.',
  ],
  [
    'STALE_CHANGES_SINCE',
    { severity: 'info', value: 14, threshold: 10 },
    'I løbet af de 24 timer frem til 30.09.2026 kl. 22.00 UTC er listen `GET ' +
      '/v1/{organizationId}/contacts` hentet 14 gange for aftale 148383 med et tidspunkt i `changesSince`, ' +
      'der ligger mere end 7 dage tilbage. Grænsen går ved 10 gange. Gem tidspunktet, hver gang en hentning ' +
      'er lykkedes, og send det med den næste, så I ikke henter de samme ændringer igen og igen.',
  ],
  [
    'SMS_INVALID',
    { severity: 'warning', value: 12.5, threshold: 10 },
    'I løbet af de 24 timer frem til 30.09.2026 kl. 22.00 UTC blev 12,5 % af de SMS’er, som jeres ' +
      'integration ville sende, afvist som ugyldige. Grænsen går ved 10 %, når der er mindst 20 forsøg. ' +
      'Kontrollér nummer og tekst, før I sender, og send ikke en afvist SMS igen uændret. Er 1 af de ' +
      'seneste 20 afvist, så hold op med at sende, indtil årsagen er fundet.',
  ],
  [
    'LEGACY_AUTH',
    { severity: 'warning', value: 3, threshold: 1 },
    'I løbet af de 24 timer frem til 30.09.2026 kl. 22.00 UTC har jeres integration foretaget 3 kald uden ' +
      'bearer token. Grænsen går ved 1. Vilkårene kræver, at alle kald bærer et access token i headeren ' +
      '`Authorization: Bearer …`; hent det med OAuth 2, og hold op med at sende API-nøgler og adgangskoder.',
  ],
  [
    'RATE_DAY',
    { severity: 'info', value: 21500, threshold: 20000 },
    'I løbet af de 24 timer frem til 30.09.2026 kl. 22.00 UTC har jeres integration foretaget 21.500 kald ' +
      'for aftale 148383. Grænsen går ved 20.000 kald på et døgn. Hent kun det, der er ændret, med ' +
      '`changesSince`, og hold jer over hele døgnet på højst 13 kald pr. minut i gennemsnit; læg store ' +
      'synkroniseringer om natten.',
  ],
  [
    'RATE_INTEGRATION',
    { severity: 'info', value: 250, threshold: 204 },
    'I mindst 5 af de 15 minutter frem til 30.09.2026 kl. 22.00 UTC har jeres integration foretaget 250 ' +
      'kald eller flere pr. minut på alle aftaler tilsammen, med mindst 50 på en enkelt aftale. Grænsen går ' +
      'ved 204 kald pr. minut og vokser med antallet af aftaler, I bruger. Fordel jobs for de enkelte ' +
      'aftaler over hele timen, og hold jer på højst 13 kald pr. minut for hver aftale.',
  ],
];

it.each(SENTENCES)('%s tells what was seen, the limit and the cure, in Danish', (ruleId, found, sentence) => {
  const rule = ruleNamed(ruleId);
  const verdict = {
    ...{ ...found, unit: 'calls', evidence: [] },
    windowStart: '2026-09-30T21:50:00.000Z',
    windowEnd: '2026-09-30T22:00:00.000Z',
  };
  const subject = {
    agreementId: isIntegrationWide(rule) ? '' : '148383',
    route: rule.key.includes('route') ? CONTACTS : '',
  };
  expect(guidanceFor(ruleId, verdict, subject, defaultPolicy).da).toBe(sentence);
});
