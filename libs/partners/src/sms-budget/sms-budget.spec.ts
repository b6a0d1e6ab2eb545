import type { Integration, SmsBudget, SmsBudgetReached } from '@taxameter/contracts';
import { impose, lift, type Restriction, type Surroundings } from '../restriction/restriction.js';
import { nextStep, stopOf, type Standing } from './sms-budget.js';

const NOW = new Date('2026-10-05T08:00:00Z');
const integration: Integration = {
  integrationId: 'isv_a',
  version: 1,
  name: 'Lageret',
  kind: 'public',
  ownership: [{ partnerId: 'par_a', from: '2026-01-01T00:00:00.000Z' }],
  status: [{ status: 'active', from: '2026-01-01T00:00:00.000Z', reason: null }],
};
const around: Surroundings = { integration, knownAgreements: new Set(), others: 0 };
const budget: SmsBudget = {
  integrationId: 'isv_a',
  version: 2,
  partnerId: 'par_a',
  messagesPerQuarter: 500,
  stopsAtLimit: true,
};
const usedUp: SmsBudgetReached = {
  integrationId: 'isv_a',
  quarter: '2026-Q4',
  version: 4,
  budgetVersion: 2,
  messagesPerQuarter: 500,
  stopsAtLimit: true,
  messages: 500,
  reachedPercent: 100,
};
const stop: Restriction = { ...impose(stopOf(usedUp, 'rst_1', 'system:partners'), around, NOW), version: 1 };

const reached = (more: Partial<SmsBudgetReached> = {}): Standing => ({
  reached: { ...usedUp, ...more },
  stoppedVersion: null,
  stop: null,
});
const stopped = (more: Partial<SmsBudgetReached> = {}, restriction = stop): Standing => ({
  ...reached(more),
  stoppedVersion: 2,
  stop: restriction,
});
const sold: Surroundings = {
  ...around,
  integration: {
    ...integration,
    ownership: [...integration.ownership, { partnerId: 'par_b', from: '2026-10-01T00:00:00.000Z' }],
  },
};

describe('what follows from an SMS budget', () => {
  it('is a stop once it is used up and is to stop, and nothing before', () => {
    expect(nextStep(budget, reached(), around, NOW)).toBe('stop');
    expect(nextStep(budget, reached({ reachedPercent: 80 }), around, NOW)).toBeNull();
    expect(nextStep(budget, reached({ stopsAtLimit: false }), around, NOW)).toBeNull();
    expect(nextStep(null, reached(), around, NOW)).toBeNull();
  });

  it('is nothing more once they are stopped', () => {
    expect(nextStep(budget, stopped(), around, NOW)).toBeNull();
  });

  it('is opening them when less of it is used, or it no longer stops', () => {
    expect(nextStep(budget, stopped({ reachedPercent: 80 }), around, NOW)).toEqual({ open: 'changed' });
    expect(nextStep(budget, stopped({ stopsAtLimit: false }), around, NOW)).toEqual({ open: 'changed' });
  });

  it('is nothing while only an older budget was looked at: it neither stops nor opens', () => {
    const raised = { ...budget, version: 3 };
    expect(nextStep(raised, reached(), around, NOW)).toBeNull();
    expect(nextStep(raised, stopped({ reachedPercent: 0 }), around, NOW)).toBeNull();
  });

  it('does not bind who owns the integration now and has not set it', () => {
    expect(nextStep(budget, reached(), sold, NOW)).toBeNull();
    expect(nextStep(budget, stopped(), sold, NOW)).toEqual({ open: 'handed-over' });
  });

  it('does not stop again what a person has lifted, before it is changed', () => {
    const lifted = stopped({}, { ...lift(stop, NOW), version: 2 });
    expect(nextStep(budget, lifted, around, NOW)).toBeNull();
    const changed = { ...lifted, reached: { ...usedUp, budgetVersion: 3 } };
    expect(nextStep({ ...budget, version: 3 }, changed, around, NOW)).toBe('stop');
  });

  it('does not open what a person has made longer', () => {
    const longer = stopped({ stopsAtLimit: false }, { ...stop, until: null, version: 2 });
    expect(nextStep(budget, longer, around, NOW)).toBeNull();
  });

  it('waits while the integration is deactivated, or has as many restrictions as it can have', () => {
    const deactivated = {
      ...integration,
      status: [{ status: 'deactivated' as const, from: '2026-10-01T00:00:00.000Z', reason: null }],
    };
    expect(nextStep(budget, reached(), { ...around, integration: deactivated }, NOW)).toBeNull();
    expect(nextStep(budget, reached(), { ...around, others: 20 }, NOW)).toBeNull();
    expect(nextStep(budget, reached(), { ...around, others: 19 }, NOW)).toBe('stop');
  });

  it('is a block of SMS that ends with the quarter in Denmark, and says the limit in both languages', () => {
    const wanted = stopOf({ ...usedUp, messagesPerQuarter: 12_500 }, 'rst_1', 'system:partners');
    expect(wanted).toMatchObject({ mode: 'block', capability: 'sms', until: '2026-12-31T23:00:00.000Z' });
    expect([wanted.note.da, wanted.note.en]).toEqual([
      expect.stringContaining('12.500 SMS i 4. kvartal 2026'),
      expect.stringContaining('12,500 SMS for Q4 2026'),
    ]);
  });
});
