import type { TestRooms } from '@taxameter/platform/testing';
import { startPartnersRoom } from '../partners-room.testing.js';
import { countUnread } from './application.service.js';

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
});

afterAll(() => rooms.stop());

const wanted = {
  integrationName: 'Lageret',
  purpose: 'Henter fakturaer til lagerstyring.',
  scopes: [{ scope: 'dineropublicapi:read', why: 'læser fakturaer' }],
  expected: { callsPerDay: 5_000, smsPerMonth: 0 },
};
const applicant = { name: 'Lager ApS', cvr: '12345674', email: 'post@lager.dk', language: 'da' };
const post = (path: string, body: object) => rooms.call('ops', 'POST', path, { body });

describe('the applications of a partner', () => {
  it('are twenty open ones at most, also when two are sent at once, and take no place from people without an account', async () => {
    const partnerId = 'par_a';
    await rooms.call('ops', 'PUT', `/v1/partners/${partnerId}`, { body: { name: 'Lager ApS' } });
    await rooms.call('anonymous', 'POST', '/v1/applications', { body: { ...wanted, applicant } });
    const more = () => post(`/v1/partners/${partnerId}/applications`, { ...wanted, email: 'a@b.dk' });
    const { body: first } = await more();
    for (let open = 1; open < 19; open += 1) expect((await more()).status).toBe(201);
    const answers = await Promise.all([more(), more()]);
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 409]);
    expect((await more()).body).toMatchObject({
      type: 'urn:taxameter:problem:too-many-open-applications',
      errors: [{ field: 'partnerId' }],
    });
    await post(`/v1/applications/${first.applicationId}/withdraw`, { reason: 'fortrudt' });
    expect((await more()).status).toBe(201);
    const unread = await rooms.databases.get('partners')!.transaction((tx) => countUnread(tx, 1_000));
    expect(unread).toBe(1);
  });
});
