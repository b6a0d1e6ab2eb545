import type { Breach } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { RULES } from '../rules/registry.js';
import { CONTACTS } from '../signals/signals.testing.js';
import { quantity } from './quantity.js';
import { keptCase, pollingCase } from './report.testing.js';
import { reportOf } from './report.js';
import { savingOf } from './saving.js';
import { measurements, span } from './when.js';

const sectionsOf = (kept: Parameters<typeof reportOf>[0]) =>
  Object.fromEntries(
    reportOf(kept, defaultPolicy).sections.map(({ id, paragraphs }) => [id, paragraphs.map(({ da }) => da)]),
  );

describe('the report of a case', () => {
  it('says what was seen, when, what to do, what it saves and what happens next, in Danish', () => {
    const report = reportOf(pollingCase, defaultPolicy);
    expect(report.facts.map(({ name, value }) => `${name.da}: ${value.da}`)).toEqual([
      'Regel: Hele listen hentes gang på gang',
      'Integration: isv_eksempel',
      'Aftale: 148383',
      `Adresse: ${CONTACTS}`,
      'Alvor: alvorlig',
      'Målt: 120 fulde hentninger',
      'Grænse: 60 fulde hentninger',
      'Tidsrum: 5. oktober 2026 kl. 09.00–10.00',
      'Højest siden: 131 fulde hentninger, frem til 5. oktober 2026 kl. 10.20',
      'Sagen åbnet: 5. oktober 2026 kl. 10.01',
      'Frist: 12. oktober 2026',
    ]);
    expect(sectionsOf(pollingCase)).toEqual({
      when: [
        'Det skete i 60 minutter i tidsrummet 5. oktober 2026 kl. 09.00–10.00 (dansk tid). Toppen var kl. 09.07 med 3 fulde hentninger.',
      ],
      change: ['Send `changesSince` med.'],
      saving: [
        'Henter I hele listen højst hvert 30. minut, bliver 120 hentninger på 60 minutter til 2. Det sparer mindst 118 kald. ' +
          'Spørger I i stedet efter ændringer med `changesSince` hvert 3. minut, er der 20 kald tilbage, 100 færre end nu, og svarene bliver mindre.',
      ],
      next: [
        'Vi beder jer rette det senest den 12. oktober 2026.',
        'Fortsætter det, kan vi blive nødt til at begrænse adgangen til API’et, enten for hele integrationen eller for de berørte aftaler. ' +
          'Belaster det API’et for hårdt, kan det ske uden varsel.',
        'Skriv til os, når det er rettet. Så ser vi på målingerne igen og afslutter sagen.',
        'Er I i tvivl om noget, eller vil I gerne have hjælp, så skriv til os og oplys sagsnummer br_1.',
      ],
    });
  });

  it('holds each measurement against the limit only where it is one of a minute', () => {
    expect(reportOf(pollingCase, defaultPolicy).limit).toBeNull();
    expect(reportOf(keptCase({}), defaultPolicy).limit).toBe(70);
  });

  it('leaves out what there is not: agreement of a rule without one, route, peak, deadline, measurements', () => {
    const kept = keptCase({
      ruleId: 'GONE',
      scope: { integrationId: 'isv_eksempel', organizationId: null, route: null },
      evidence: [],
    });
    const bare = { ...kept, handling: { ...kept.handling, deadline: null } };
    const names = reportOf(bare, defaultPolicy).facts.map(({ name }) => name.en);
    expect(names).toEqual(['Rule', 'Integration', 'Severity', 'Measured', 'Limit', 'Window', 'Case opened']);
    expect(Object.keys(sectionsOf(bare))).toEqual(['change', 'next']);
    expect(reportOf(bare, defaultPolicy).title).toEqual({ da: 'GONE', en: 'GONE' });
  });

  it('threatens nobody whom it informs, whose case is closed, or who did nothing wrong', () => {
    const stand = (handling: Partial<(typeof pollingCase)['handling']>) =>
      sectionsOf({ ...pollingCase, handling: { ...pollingCase.handling, ...handling } })['next']!.join(' ');
    expect(stand({ deadline: null })).toMatch(/^Det er til orientering\./);
    expect(stand({ state: 'resolved', deadline: null })).toMatch(
      /^Sagen er afsluttet\. Sker det igen inden for 24 timer, åbnes den samme sag igen\./,
    );
    expect(stand({ state: 'resolved', deadline: null, isFalsePositive: true })).toMatch(
      /^Sagen er afsluttet som falsk alarm, og I skal ikke gøre noget\./,
    );
    for (const words of [
      stand({ deadline: null }),
      stand({ state: 'resolved', deadline: null }),
      stand({ state: 'resolved', deadline: null, isFalsePositive: true }),
    ]) {
      expect(words).not.toMatch(/begrænse|varsel|Frist/);
    }
  });
});

describe('what following the advice saves', () => {
  const observed = { ...pollingCase.breach.observed };
  const saved = (more: Partial<Breach>) => savingOf({ ...pollingCase.breach, ...more }, defaultPolicy);

  it('is counted in the window that was measured: what was done less what the advised gap makes', () => {
    expect(saved({})).toMatchObject({ calls: 118, inMinutes: 60 });
    expect(saved({ observed: { ...observed, value: 4 } })).toMatchObject({ calls: 2 });
    const tooOften = { ruleId: 'POLLING_TOO_OFTEN', observed: { ...observed, value: 61 } };
    expect(saved(tooOften)).toMatchObject({ calls: 41, inMinutes: 60 });
  });

  it('is what small pages are more than the largest ones that hold as many records', () => {
    const small = saved({ ruleId: 'SMALL_PAGES', observed: { ...observed, value: 52 } })!;
    expect(small).toMatchObject({ calls: 46, inMinutes: 60 });
    expect(small.text.da).toBe(
      'Med `pageSize=1000` bliver 52 sider på 60 minutter til højst 6. Det sparer mindst 46 kald.',
    );
  });

  it('says nothing about asking for changes where that would be no fewer calls', () => {
    const { da, en } = saved({ observed: { ...observed, value: 12 } })!.text;
    expect(da).toBe(
      'Henter I hele listen højst hvert 30. minut, bliver 12 hentninger på 60 minutter til 2. Det sparer mindst 10 kald.',
    );
    expect(en).not.toContain('changesSince');
  });

  it('is nothing where the advice is another pace, the gap saves nothing, or another policy judged', () => {
    for (const { id } of RULES.filter(
      ({ id: rule }) => !rule.startsWith('POLLING_') && rule !== 'SMALL_PAGES',
    )) {
      expect([id, saved({ ruleId: id })]).toEqual([id, null]);
    }
    expect(saved({ observed: { ...observed, value: 2 } })).toBeNull();
    expect(saved({ policyVersion: defaultPolicy.version - 1 })).toBeNull();
    expect(saved({ ruleId: 'constructor' })).toBeNull();
  });
});

describe('figures and times', () => {
  it('are written with their units as each language does', () => {
    expect(quantity(1234, 'calls per minute')).toEqual({
      da: '1.234 kald pr. minut',
      en: '1,234 calls per minute',
    });
    expect(quantity(17.5, 'percent of calls')).toEqual({ da: '17,5 % af kaldene', en: '17.5% of the calls' });
    expect(quantity(61_949, 'ms of server time per minute').da).toBe('61,9 sekunders servertid pr. minut');
    expect(quantity(3, 'things nobody knows')).toEqual({
      da: '3 things nobody knows',
      en: '3 things nobody knows',
    });
  });

  it('name the day once where it is one, by Danish clocks', () => {
    expect(span('2026-10-05T21:50:00Z', '2026-10-05T22:10:00Z').da).toBe(
      '5. oktober 2026 kl. 23.50 – 6. oktober 2026 kl. 00.10',
    );
    expect(span('2026-12-05T21:50:00Z', '2026-12-05T22:10:00Z').en).toBe('5 December 2026, 22:50–23:10');
  });

  it('call a measurement after its length', () => {
    const of = (lengthMs: number) => ({
      windowStart: '2026-10-05T07:00:00.000Z',
      windowEnd: new Date(Date.UTC(2026, 9, 5, 7) + lengthMs).toISOString(),
      value: 1,
    });
    expect(measurements([of(60_000)])).toEqual({ da: '1 minut', en: '1 minute' });
    expect(measurements([of(3_600_000), of(3_600_000)]).da).toBe('2 timer');
    expect(measurements([of(60_000), of(3_600_000)]).en).toBe('2 measurements');
  });
});
