import type { TestRooms } from '@taxameter/platform/testing';
import { startPartnersRoom } from '../partners-room.testing.js';

let behind: TestRooms;

beforeAll(async () => {
  behind = await startPartnersRoom({ TRUSTED_PROXIES: 'loopback' });
});

afterAll(() => behind.stop());

/** Which address the proxy names last: what stands before it, the applicant has written. */
async function applyFrom(address: string): Promise<number> {
  const { status } = await behind.call('anonymous', 'POST', '/v1/applications', {
    body: {
      integrationName: 'Lageret',
      purpose: 'Henter fakturaer til lagerstyring.',
      scopes: [{ scope: 'dineropublicapi:read', why: 'læser fakturaer' }],
      expected: { callsPerDay: 5_000, smsPerMonth: 0 },
      applicant: { name: 'Lager ApS', cvr: '12345674', email: 'post@lager.dk', language: 'da' },
    },
    headers: { 'x-forwarded-for': `198.51.100.1, ${address}` },
  });
  return status;
}

it('applicants behind a trusted proxy have ten an hour each, and do not share them', async () => {
  for (let tries = 0; tries < 10; tries += 1) expect(await applyFrom('203.0.113.7')).toBe(201);
  expect(await applyFrom('203.0.113.7')).toBe(429);
  expect(await applyFrom('203.0.113.8')).toBe(201);
});
