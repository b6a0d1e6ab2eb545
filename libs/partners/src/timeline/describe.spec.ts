import type { Restriction } from '../restriction/restriction.js';
import { describeIntegrationStep, describeRestrictionStep } from './describe.js';

const restriction: Restriction = {
  restrictionId: 'rst_1',
  integrationId: 'isv_a',
  version: 1,
  scope: 'integration',
  organizationIds: [],
  mode: 'block',
  limitPerMinute: null,
  capability: 'sms',
  reasonCode: 'sms_terms',
  clause: 'SMS, punkt 3',
  note: { da: 'Ret fejlen.', en: 'Mend the fault.' },
  endCondition: { da: 'Når fejlen er rettet.', en: 'When it is mended.' },
  from: '2026-10-25T00:30:00.000Z',
  until: '2026-10-25T01:30:00.000Z',
  breachId: null,
  imposedBy: 'tok_1',
  approvalId: null,
  ended: null,
  endedAt: null,
};

describe('a step of a restriction', () => {
  it('is told by Copenhagen’s clocks, and says which of the two hours that October has twice', () => {
    expect(describeRestrictionStep('restriction_created', restriction)).toEqual({
      da: 'Afsendelse af SMS afvises for hele integrationen fra 25. oktober 2026 kl. 02.30 (sommertid) til 25. oktober 2026 kl. 02.30 (normaltid).',
      en: 'Sending SMS is refused for the whole integration from 25 October 2026 at 02:30 (summer time) to 25 October 2026 at 02:30 (standard time).',
    });
  });

  it('names what is bound and for whom', () => {
    const throttle = { mode: 'throttle', limitPerMinute: 20, scope: 'agreements', until: null } as const;
    const of = (more: Partial<Restriction>) =>
      describeRestrictionStep('restriction_changed', {
        ...restriction,
        ...throttle,
        from: '2026-10-05T08:00:00.000Z',
        ...more,
      }).da;
    expect(of({ capability: 'all', organizationIds: ['1', '2'] })).toBe(
      'Begrænsningen er ændret. Alle kald begrænses til 20 i minuttet for 2 aftaler fra 5. oktober 2026 kl. 10.00 og indtil videre.',
    );
    expect(of({ capability: 'route:/v1/{organizationId}/contacts', organizationIds: ['1'] })).toContain(
      'Kald til /v1/{organizationId}/contacts begrænses til 20 i minuttet for aftale 1 ',
    );
    expect(of({ capability: 'writes', organizationIds: ['1'] })).toContain('Kald, der skriver, begrænses');
  });

  it('that ends it says how', () => {
    expect(describeRestrictionStep('restriction_lifted', restriction).da).toBe('Begrænsningen er ophævet.');
    expect(describeRestrictionStep('restriction_expired', restriction).da).toBe('Begrænsningen er udløbet.');
  });
});

describe('a step of an integration', () => {
  it('tells a new owner from a correction', () => {
    expect(describeIntegrationStep('integration_changed', true).da).toBe('Integrationen har skiftet ejer.');
    expect(describeIntegrationStep('integration_changed', false).da).toContain('oplysninger er rettet');
    expect(describeIntegrationStep('integration_deactivated', false).da).toContain('deaktiveret');
  });
});
