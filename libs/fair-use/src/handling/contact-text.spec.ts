import type { Breach } from '@taxameter/contracts';
import { defaultPolicy } from '../policy/default-policy.js';
import { contactText } from './contact-text.js';

const breach: Breach = {
  breachId: 'br_1',
  breachKey: 'RATE_MINUTE:isv_eksempel:148383',
  version: 1,
  ruleId: 'RATE_MINUTE',
  policyVersion: 1,
  severity: 'warning',
  state: 'open',
  scope: { integrationId: 'isv_eksempel', organizationId: '148383', route: null },
  observed: {
    value: 75,
    unit: 'calls per minute',
    windowStart: '2026-10-05T07:45:00.000Z',
    windowEnd: '2026-10-05T08:00:00.000Z',
  },
  threshold: 70,
  occurrence: 1,
  retroactive: false,
  openedAt: '2026-10-05T08:00:00.000Z',
  guidance: { da: 'Fordel kaldene jævnt.', en: 'Spread the calls evenly.' },
  evidence: [],
};
const title = { da: 'For mange kald i minuttet', en: 'Too many calls a minute' };

describe('the message to a partner', () => {
  it('says what was seen, what to change, by when, and what happens else, in both languages', () => {
    const { da, en } = contactText(breach, title, '2026-10-19T22:00:00.000Z', defaultPolicy);
    expect(da.subject).toBe('For mange kald i minuttet: integrationen isv_eksempel');
    expect(da.text.split('\n\n')).toEqual([
      'Hej',
      'Vi har set noget i jeres integration isv_eksempel, som vi gerne vil have jer til at ændre: For mange kald i minuttet.',
      'Fordel kaldene jævnt.',
      'Vi beder jer rette det senest den 19. oktober 2026.',
      'Fortsætter det, kan vi blive nødt til at begrænse adgangen til API’et, enten for hele integrationen eller for de berørte aftaler.',
      'Skriv til os, når det er rettet. Så ser vi på målingerne igen og afslutter sagen.',
      'Svar på denne besked, hvis I er i tvivl om noget eller gerne vil have hjælp.',
      'Sagsnummer: br_1',
    ]);
    expect(en.text).toContain('Please change it no later than 19 October 2026.');
    expect(en.text).toContain('Spread the calls evenly.');
  });

  it('names the hour of a deadline that is not the end of a day', () => {
    const { da, en } = contactText(breach, title, '2026-10-19T10:00:00.000Z', defaultPolicy);
    expect(da.text).toContain('senest den 19. oktober 2026 kl. 12.00.');
    expect(en.text).toContain('no later than 19 October 2026 at 12:00.');
  });

  it('says what following the advice saves, where that can be computed', () => {
    const polling = {
      ...breach,
      ruleId: 'POLLING_UNFILTERED',
      policyVersion: defaultPolicy.version,
      observed: {
        ...breach.observed,
        value: 120,
        unit: 'full fetches',
        windowStart: '2026-10-05T07:00:00.000Z',
      },
    };
    const { da, en } = contactText(polling, title, '2026-10-19T22:00:00.000Z', defaultPolicy);
    expect(da.text).toContain('Det sparer mindst 118 kald.');
    expect(en.text).toContain('That saves at least 118 calls.');
    expect(contactText(breach, title, null, defaultPolicy).da.text).not.toContain('sparer');
  });

  it('threatens nobody whom it only informs', () => {
    const { da, en } = contactText(breach, title, null, defaultPolicy);
    expect(da.text).toContain('Det er til orientering.');
    expect(da.text).not.toContain('begrænse');
    expect(en.text).not.toContain('restrict');
  });
});
