import {
  correct,
  expire,
  impose,
  lift,
  phaseAt,
  RestrictionRefused,
  type Restriction,
  type Surroundings,
  type Wanted,
} from './restriction.js';

const NOW = new Date('2026-10-05T08:00:00Z');
const LATER = '2026-10-05T12:00:00.000Z';

const wanted: Wanted = {
  restrictionId: 'rst_1',
  scope: 'agreements',
  organizationIds: ['148383'],
  mode: 'throttle',
  limitPerMinute: 20,
  capability: 'reads',
  reasonCode: 'load',
  clause: 'Fair use',
  note: { da: 'Hent kun ændringer.', en: 'Fetch changes only.' },
  endCondition: { da: 'Når kaldene er under 60 i minuttet.', en: 'When calls are below 60 a minute.' },
  until: LATER,
  breachId: null,
  imposedBy: 'tok_ops',
  approvalId: null,
};

const around: Surroundings = {
  integration: {
    integrationId: 'isv_a',
    version: 1,
    name: 'A',
    kind: 'public',
    ownership: [{ partnerId: 'par_a', from: '2026-07-01T00:00:00.000Z' }],
    status: [{ status: 'active', from: '2026-07-01T00:00:00.000Z', reason: null }],
  },
  knownAgreements: new Set(['148383', '148384']),
  others: 0,
};

const imposed = (more: Partial<Wanted> = {}) => impose({ ...wanted, ...more }, around, NOW);

function refusal(act: () => unknown): [string, string] | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof RestrictionRefused) return [error.field, error.code];
    throw error;
  }
}

describe('a restriction', () => {
  it('begins now unless told otherwise, and names each agreement once', () => {
    expect(imposed({ organizationIds: ['148384', '148383', '148384'] })).toMatchObject({
      from: NOW.toISOString(),
      organizationIds: ['148383', '148384'],
      ended: null,
    });
    expect(imposed({ from: '2026-10-05T12:00:00+02:00' }).from).toBe('2026-10-05T10:00:00.000Z');
  });

  it.each<[string, Partial<Wanted>, [string, string]]>([
    ['ends before it starts', { from: LATER, until: LATER }, ['until', 'ends-before-it-starts']],
    ['has ended already', { until: NOW.toISOString() }, ['until', 'until-in-the-past']],
    ['began in the past', { from: '2026-10-05T07:59:59Z' }, ['from', 'from-in-the-past']],
    ['names an unknown agreement', { organizationIds: ['9'] }, ['organizationIds', 'unknown-agreement']],
    ['names no agreement', { organizationIds: [] }, ['organizationIds', 'scope-and-agreements']],
    ['binds all and names one', { scope: 'integration' }, ['organizationIds', 'scope-and-agreements']],
    ['throttles without a limit', { limitPerMinute: null }, ['limitPerMinute', 'limit-and-mode']],
    ['blocks with a limit', { mode: 'block' }, ['limitPerMinute', 'limit-and-mode']],
  ])('is refused when it %s', (_, more, expected) => {
    expect(refusal(() => imposed(more))).toEqual(expected);
  });

  it('is refused on a deactivated integration, and as one of too many', () => {
    const status = [
      ...around.integration.status,
      { status: 'deactivated' as const, from: '2026-10-01T00:00:00Z', reason: 'x' },
    ];
    const off = { ...around, integration: { ...around.integration, status } };
    expect(refusal(() => impose(wanted, off, NOW))).toEqual(['integrationId', 'integration-deactivated']);
    expect(refusal(() => impose(wanted, { ...around, others: 20 }, NOW))).toEqual([
      'integrationId',
      'too-many-restrictions',
    ]);
    expect(refusal(() => impose(wanted, { ...around, others: 19 }, NOW))).toBeNull();
  });

  it('binds from its first instant up to its end, which is not of it', () => {
    const restriction = imposed({ from: '2026-10-05T10:00:00Z' });
    const at = (instant: string) => phaseAt(restriction, new Date(instant));
    expect(at('2026-10-05T09:59:59.999Z')).toBe('planned');
    expect(at('2026-10-05T10:00:00.000Z')).toBe('in_force');
    expect(at('2026-10-05T11:59:59.999Z')).toBe('in_force');
    expect(at(LATER)).toBe('over');
    expect(phaseAt({ ...restriction, until: null }, new Date('2100-01-01T00:00:00Z'))).toBe('in_force');
  });

  it('is given another end or limit while it is not over, and none that breaks a rule', () => {
    const restriction = imposed();
    expect(correct(restriction, { until: null, limitPerMinute: 5 }, NOW)).toEqual({
      ...restriction,
      until: null,
      limitPerMinute: 5,
    });
    expect(correct(restriction, {}, NOW)).toEqual(restriction);
    expect(refusal(() => correct(restriction, { until: '2026-10-05T07:00:00Z' }, NOW))).toEqual([
      'until',
      'until-in-the-past',
    ]);
    const block = imposed({ mode: 'block', limitPerMinute: null });
    expect(refusal(() => correct(block, { limitPerMinute: 5 }, NOW))).toEqual([
      'limitPerMinute',
      'limit-and-mode',
    ]);
    expect(refusal(() => correct(restriction, { until: null }, new Date(LATER)))).toEqual([
      'restrictionId',
      'restriction-over',
    ]);
  });

  it('is lifted once, and not after it expired', () => {
    const lifted = lift(imposed(), NOW);
    expect(lifted).toMatchObject({ ended: 'lifted', endedAt: NOW.toISOString() });
    expect(phaseAt(lifted, NOW)).toBe('over');
    expect(lift(lifted, new Date(LATER))).toBe(lifted);
    expect(refusal(() => lift(imposed(), new Date(LATER)))).toEqual(['restrictionId', 'restriction-over']);
  });

  it('expires at its own end and not at the instant when that is noticed, and only when it is due', () => {
    const restriction: Restriction = imposed();
    expect(expire(restriction, NOW)).toBe(restriction);
    const expired = expire(restriction, new Date('2026-10-06T08:00:00Z'));
    expect(expired).toMatchObject({ ended: 'expired', endedAt: LATER });
    const lifted = lift(restriction, NOW);
    expect(expire(lifted, new Date(LATER))).toBe(lifted);
  });
});
