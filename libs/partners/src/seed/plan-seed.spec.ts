import type { Integration } from '@taxameter/contracts';
import { planSeed, type Present } from './plan-seed.js';
import { parseSeed } from './seed-file.js';

const OFF = { from: '2026-08-17T10:00:00+02:00', reason: 'misbrug' };
const wanted = {
  integrationId: 'isv/a',
  name: 'A',
  kind: 'public',
  partnerId: 'par_a',
  from: '2026-01-01T00:00:00+01:00',
};
const present: Integration = {
  integrationId: 'isv/a',
  version: 4,
  name: 'A',
  kind: 'public',
  ownership: [{ partnerId: 'par_a', from: '2025-12-31T23:00:00.000Z' }],
  status: [{ status: 'active', from: '2025-12-31T23:00:00.000Z', reason: null }],
};

const planned = (seed: object, ...integrations: Integration[]) => {
  const state: Present = {
    partners: new Map(),
    integrations: new Map(integrations.map((one) => [one.integrationId, one])),
    agreements: new Map(),
  };
  return planSeed(parseSeed(JSON.stringify(seed)), state);
};

describe('the plan of a seed file', () => {
  it('records partners before integrations before agreements', () => {
    const agreement = { integrationId: 'isv/a', organizationId: '1' };
    const seed = {
      agreements: [agreement],
      integrations: [wanted],
      partners: [{ partnerId: 'par_a', name: 'A' }],
    };
    expect(planned(seed).map(({ method, path }) => `${method} ${path}`)).toEqual([
      'PUT /v1/partners/par_a',
      'PUT /v1/integrations/isv%2Fa',
      'PUT /v1/integrations/isv%2Fa/agreements/1',
    ]);
  });

  it('is empty when everything is as the file says', () => {
    expect(planned({ integrations: [wanted] }, present)).toEqual([]);
  });

  it('carries the version it was made against, and 0 for what does not exist', () => {
    const renamed = { ...wanted, name: 'B' };
    expect(planned({ integrations: [renamed] }, present)[0]!.body).toMatchObject({ name: 'B', version: 4 });
    expect(planned({ integrations: [wanted] })[0]!.body).toMatchObject({ version: 0 });
  });

  it('deactivates what is active at the instant of the file', () => {
    const plan = planned({ integrations: [{ ...wanted, deactivated: OFF }] }, present);
    expect(plan).toMatchObject([{ method: 'POST', path: '/v1/integrations/isv%2Fa/deactivate', body: OFF }]);
  });

  it('does not deactivate again what a person has reactivated since', () => {
    const reactivated: Integration = {
      ...present,
      status: [
        ...present.status,
        { status: 'deactivated', from: '2026-08-17T08:00:00.000Z', reason: 'misbrug' },
        { status: 'active', from: '2026-09-01T08:00:00.000Z', reason: 'rettet' },
      ],
    };
    expect(planned({ integrations: [{ ...wanted, deactivated: OFF }] }, reactivated)).toEqual([]);
  });
});
