import { defaultPolicy } from '../policy/default-policy.js';
import { RULES } from '../rules/registry.js';
import type { Verdict } from '../rules/verdict.js';
import { CONTACTS } from '../signals/signals.testing.js';
import { guidanceFor } from './guidance.js';
import { fillText, minutes, secondsOf, wholeNumber } from './text.js';

const verdict: Verdict = {
  severity: 'critical',
  value: 1234,
  unit: 'calls per minute',
  windowStart: '2026-09-30T21:45:00.000Z',
  windowEnd: '2026-09-30T22:00:00.000Z',
  threshold: 100,
  evidence: [],
};

describe('guidance', () => {
  it.each(RULES.flatMap((rule) => ['148383', ''].map((agreement) => [rule.id, agreement] as const)))(
    'of %s for agreement "%s" leaves no placeholder unfilled',
    (id, agreementId) => {
      const { da, en } = guidanceFor(id, verdict, { agreementId, route: CONTACTS }, defaultPolicy);
      for (const text of [da, en]) {
        expect(text.replaceAll(CONTACTS, '')).not.toMatch(/[{}]|undefined|NaN|null/);
        expect(text.length).toBeLessThanOrEqual(2000);
      }
    },
  );

  it('tells the rate, the window, the limit and what to keep to, in Danish', () => {
    const { da } = guidanceFor('RATE_MINUTE', verdict, { agreementId: '148383', route: '' }, defaultPolicy);
    expect(da).toBe(
      'I mindst 10 af de 15 minutter frem til 30.09.2026 kl. 22.00 UTC har jeres integration ' +
        'foretaget 1.234 kald eller flere pr. minut for aftale 148383. Grænsen går ved 100 kald pr. ' +
        'minut. Fordel kaldene jævnt, og hold jer på højst 13 pr. minut. I kan spare kald ved at hente ' +
        'flere poster ad gangen: sæt `pageSize` op til 1000.',
    );
  });

  it('names the route and the filter that this route has, in English', () => {
    const subject = { agreementId: 'a1', route: '/v2/{tenant}/servers/detail' };
    const { en } = guidanceFor('POLLING_UNFILTERED', { ...verdict, value: 698 }, subject, defaultPolicy);
    expect(en).toContain(
      '`GET /v2/{tenant}/servers/detail` was fetched without a filter 698 times in the 60 minutes',
    );
    expect(en).toContain('`changes-since=YYYY-MM-DDTHH:mm:ssZ` (UTC)');
    expect(en).toContain('leave at least 3 minutes between fetches');
    expect(en).toContain('If you need the whole list, leave at least 30 minutes.');
  });

  it('tells how long to wait between writes, in Danish', () => {
    const found = { ...verdict, severity: 'warning', value: 45, threshold: 41 } as const;
    const { da } = guidanceFor('WRITE_RATE', found, { agreementId: '148383', route: '' }, defaultPolicy);
    expect(da).toBe(
      'I mindst 5 af de 15 minutter frem til 30.09.2026 kl. 22.00 UTC har jeres integration foretaget 45 ' +
        'eller flere skrivende kald (POST, PUT, PATCH og DELETE) pr. minut for aftale 148383. Grænsen går ' +
        'ved 41 pr. minut. Læg de skrivende kald i en kø, og lad der gå mindst 2 sekunder fra det ene til ' +
        'det næste.',
    );
  });

  it('tells the server time in whole seconds and how little to keep to, in English', () => {
    const found = { ...verdict, severity: 'warning', value: 61_900, threshold: 60_000 } as const;
    const { en } = guidanceFor('SERVER_TIME', found, { agreementId: '', route: '' }, defaultPolicy);
    expect(en).toContain('your calls without an agreement together kept the server busy for 61 seconds');
    expect(en).toContain('The limit is reached at 60 seconds per minute.');
    expect(en).toContain('at most 29 seconds per minute waiting for answers');
  });

  it('tells the share of refused calls and when to stop, in Danish', () => {
    const found = { ...verdict, severity: 'warning', value: 17.5, threshold: 15 } as const;
    const subject = { agreementId: '148383', route: '' };
    expect(guidanceFor('ERROR_RATIO_4XX', found, subject, defaultPolicy).da).toBe(
      'I løbet af de 15 minutter frem til 30.09.2026 kl. 22.00 UTC blev 17,5 % af jeres kald for aftale ' +
        '148383 afvist med status 400–499 (429 og kunder uden det rette abonnement er ikke talt med). ' +
        'Grænsen går ved 15 %, når der er mindst 100 kald. Ret kaldet, før I sender det igen: fejlen ' +
        'forsvinder ikke ved et nyt forsøg. Er 2 af de seneste 100 kald afvist, så stop de kald, der ' +
        'bliver afvist, og find årsagen, før I sender dem igen.',
    );
  });

  it('calls one 429 of thousands neither none nor above a limit of 0%', () => {
    const found = { ...verdict, severity: 'info', value: 0, threshold: 0 } as const;
    const { en } = guidanceFor('THROTTLED_RATIO', found, { agreementId: '1', route: '' }, defaultPolicy);
    expect(en).toContain('less than 0.1% of your calls');
    expect(en).toContain('The limit is reached at the first one when there are at least 50 calls.');
  });

  it('praises the filter and tells how long to wait, in Danish', () => {
    const found = { ...verdict, severity: 'warning', value: 61, threshold: 60 } as const;
    const subject = { agreementId: '148383', route: CONTACTS };
    expect(guidanceFor('POLLING_TOO_OFTEN', found, subject, defaultPolicy).da).toBe(
      'Ændringerne i listen `GET /v1/{organizationId}/contacts` er hentet 61 gange i løbet af de 60 minutter ' +
        'frem til 30.09.2026 kl. 22.00 UTC for aftale 148383. Det er rigtigt kun at hente det, der er ' +
        'ændret, men grænsen går ved 60 gange. Brug webhooks, hvor de findes, eller lad der gå mindst ' +
        '3 minutter mellem hentningerne.',
    );
  });

  it('tells the burst, in how many seconds it was, and how fast a queue may be, in Danish', () => {
    const found = { ...verdict, severity: 'error', value: 61, threshold: 50 } as const;
    const { da } = guidanceFor('BURST', found, { agreementId: '148383', route: '' }, defaultPolicy);
    expect(da).toBe(
      'I mindst 3 af de 10 minutter frem til 30.09.2026 kl. 22.00 UTC har jeres integration foretaget 61 kald ' +
        'eller flere på 5 sekunder for aftale 148383. Grænsen går ved 50 kald på 5 sekunder. Send kaldene ' +
        'gennem en kø, der højst lader 12 kald igennem på 5 sekunder og højst 13 på et minut, ' +
        'og som højst har 5 i gang ad gangen.',
    );
  });

  it('tells to which countries SMS may go and what each costs, in Danish', () => {
    const found = { ...verdict, severity: 'warning', value: 3, threshold: 1 } as const;
    const { da } = guidanceFor('SMS_FOREIGN', found, { agreementId: '', route: '' }, defaultPolicy);
    expect(da).toBe(
      'I løbet af de 24 timer frem til 30.09.2026 kl. 22.00 UTC har jeres integration sendt 3 SMS til modtagere uden for de ' +
        'lande, som vilkårene tillader: Danmark. Grænsen går ved 1. Kontrollér landekoden, før I sender, og afvis numre fra ' +
        'andre lande. Hver afsendt SMS koster 1,00 kr. ekskl. moms.',
    );
    const wide = { ...defaultPolicy, allowedSmsCountries: ['DK', 'FO', 'GL'] };
    const { en } = guidanceFor('SMS_FOREIGN', found, { agreementId: '', route: '' }, wide);
    expect(en).toContain('Denmark, Faroe Islands, Greenland.');
  });

  it('tells how often the same was sent and how long to wait, in Danish', () => {
    const found = { ...verdict, severity: 'error', value: 12, threshold: 10 } as const;
    const { da } = guidanceFor('SMS_REPEAT', found, { agreementId: '148383', route: '' }, defaultPolicy);
    expect(da).toBe(
      'I løbet af de 10 minutter frem til 30.09.2026 kl. 22.00 UTC har jeres integration sendt det samme bilag til den samme ' +
        'modtager 12 gange som SMS for aftale 148383. Grænsen går ved 10 gange. Hver afsendt SMS koster 1,00 kr. ekskl. moms. ' +
        'Kontrollér, at et fejlsvar eller et manglende svar ikke udløser afsendelsen på ny, og lad der gå mindst 10 minutter, ' +
        'før I sender det samme til den samme igen.',
    );
  });

  it('tells how many SMS there were, what they cost and how many are never too many, in Danish', () => {
    const found = { ...verdict, severity: 'error', value: 1_950, threshold: 601 } as const;
    const { da } = guidanceFor('SMS_SPIKE', found, { agreementId: '', route: '' }, defaultPolicy);
    expect(da).toBe(
      'I timen frem til 30.09.2026 kl. 22.00 UTC har jeres integration sendt 1.950 SMS. Det er usædvanligt mange: Grænsen går ' +
        'ved 601, regnet ud fra, hvad I plejer at sende på den tid af døgnet og på den dag i måneden. Hver afsendt SMS koster ' +
        '1,00 kr. ekskl. moms. Kontrollér, at et fejlsvar ikke udløser gentagne afsendelser. Skal I sende mange på én gang, så ' +
        'aftal det med os på forhånd, eller hold jer på højst 100 i timen.',
    );
  });

  it('would rather fail than show a partner an empty placeholder', () => {
    expect(() => fillText({ da: '{value} kald', en: '{value} calls' }, {})).toThrow('{value}');
  });

  it('writes numbers as each language does', () => {
    expect(wholeNumber(1234567)).toEqual({ da: '1.234.567', en: '1,234,567' });
    expect(minutes(1)).toEqual({ da: '1 minut', en: '1 minute' });
    expect(secondsOf(1_999)).toEqual({ da: '1 sekund', en: '1 second' });
  });
});
