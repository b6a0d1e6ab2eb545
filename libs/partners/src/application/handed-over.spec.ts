import type { TestRooms } from '@taxameter/platform/testing';
import { NOW, startPartnersRoom } from '../partners-room.testing.js';

/** An integration that is sold while its application is being reviewed. */

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
});

afterAll(() => rooms.stop());

const ops = async (method: string, path: string, body?: object) => {
  const answer = await rooms.call('ops', method, path, body && { body });
  expect(answer.status).toBeLessThan(300);
  return answer.body;
};

it('is not stopped by its seller, who withdraws the application, and whose words about it no longer count', async () => {
  const [seller, buyer, integrationId] = ['par_seller', 'par_buyer', 'isv_sold'];
  for (const partnerId of [seller, buyer])
    await ops('PUT', `/v1/partners/${partnerId}`, { name: 'Lager ApS' });
  const { applicationId } = await ops('POST', `/v1/partners/${seller}/applications`, {
    integrationName: 'Lageret',
    purpose: 'Henter fakturaer til lagerstyring.',
    scopes: [{ scope: 'dineropublicapi:read', why: 'læser fakturaer' }],
    expected: { callsPerDay: 5_000, smsPerMonth: 0 },
    email: 'post@lager.dk',
  });
  const path = `/v1/applications/${applicationId}`;
  const { version } = await ops('GET', path);
  await ops('POST', `${path}/accept`, { version, integrationId });
  const sold = { name: 'Lageret', kind: 'public', partnerId: buyer, from: NOW };
  await ops('PUT', `/v1/integrations/${integrationId}`, sold);

  const { status, body } = await rooms.call('partner', 'POST', `${path}/withdraw`, {
    ...{ partnerId: seller, body: { reason: 'fortrudt' } },
  });
  expect([status, body.type]).toEqual([409, 'urn:taxameter:problem:integration-handed-over']);
  expect((await ops('GET', `/v1/integrations/${integrationId}`)).status.at(-1)).toMatchObject({
    status: 'active',
  });
  const changed = await rooms.call('partner', 'POST', `${path}/change`, {
    ...{ partnerId: seller, body: { purpose: 'Noget helt andet.' } },
  });
  expect([changed.status, changed.body.type]).toEqual([409, 'urn:taxameter:problem:integration-handed-over']);
  const { state, details } = await ops('GET', path);
  expect([state, details.purpose]).toEqual(['in-review', 'Henter fakturaer til lagerstyring.']);
});
