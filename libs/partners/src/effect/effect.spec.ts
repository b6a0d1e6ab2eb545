import { restrictionObserved, TOPICS } from '@taxameter/contracts';
import type { TestRooms } from '@taxameter/platform/testing';
import { NOW, recordOfFact, startPartnersRoom } from '../partners-room.testing.js';

let rooms: TestRooms;

beforeAll(async () => {
  rooms = await startPartnersRoom();
  await rooms.call('ops', 'PUT', '/v1/partners/par_a', { body: { name: 'par_a' } });
});

afterAll(() => rooms.stop());

async function block(integrationId: string): Promise<string> {
  const details = { name: integrationId, kind: 'public', partnerId: 'par_a' };
  await rooms.call('ops', 'PUT', `/v1/integrations/${integrationId}`, { body: details });
  const { body } = await rooms.call('ops', 'POST', '/v1/restrictions', {
    body: {
      integrationId,
      scope: 'integration',
      mode: 'block',
      reasonCode: 'load',
      clause: 'Fair use',
      note: { da: 'Spærret.', en: 'Blocked.' },
      endCondition: { da: 'Når fejlen er rettet.', en: 'When the fault is mended.' },
      reason: 'for mange kald',
    },
  });
  return body.restrictionId as string;
}

async function observed(restrictionId: string, version: number, refused: number, letThrough: number) {
  const at = letThrough === 0 ? null : NOW;
  await rooms.producer.append([
    recordOfFact(TOPICS.restrictionsObserved, restrictionId, restrictionObserved.type, {
      restrictionId,
      integrationId: 'isv',
      version,
      since: '2026-10-05T05:43:00.000Z',
      until: null,
      refused,
      letThrough,
      firstLetThroughAt: at,
      lastLetThroughAt: at,
      lastCallAt: NOW,
    }),
  ]);
  await rooms.settle();
}

const effectOf = async (restrictionId: string) =>
  (await rooms.call('ops', 'GET', `/v1/restrictions/${restrictionId}/effect`)).body;
const leaks = async () =>
  (await rooms.call('ops', 'GET', '/v1/enforcement/leaks')).body.items.map(
    (item: { observed: { restrictionId: string } }) => item.observed.restrictionId,
  );

describe('the effect of a restriction', () => {
  it('is what was observed last, and an alarm once a call was let through', async () => {
    const id = await block('isv_effect');
    expect(await effectOf(id)).toMatchObject({ observed: null, isLeaking: false });
    await observed(id, 2, 812, 0);
    await observed(id, 1, 1, 1);
    expect(await effectOf(id)).toMatchObject({
      isLeaking: false,
      toldAt: NOW,
      text: { da: 'Virker: 0 kald sluppet igennem siden 5. oktober 2026 kl. 07.43, 812 afvist.' },
    });
    expect(await leaks()).not.toContain(id);
    await observed(id, 3, 812, 1);
    expect(await effectOf(id)).toMatchObject({ isLeaking: true });
    expect(await leaks()).toContain(id);
  });

  it('tells which gateways know it', async () => {
    const before = await rooms.call('gateway', 'GET', '/v1/enforcement?gateway=slow');
    const id = await block('isv_gateways');
    await rooms.call('gateway', 'GET', `/v1/enforcement?gateway=slow&after=${before.body.revision}`);
    const { revision, gateways } = await effectOf(id);
    expect(gateways).toMatchObject([{ gateway: 'slow', knows: false }]);
    await rooms.call('gateway', 'GET', `/v1/enforcement?gateway=slow&after=${revision}`);
    expect((await effectOf(id)).gateways).toMatchObject([{ gateway: 'slow', knows: true, revision }]);
  });

  it('is for ops, and of restrictions that exist', async () => {
    const id = await block('isv_roles');
    const path = `/v1/restrictions/${id}/effect`;
    expect((await rooms.call('partner', 'GET', path, { partnerId: 'par_a' })).status).toBe(403);
    expect((await rooms.call('ops', 'GET', '/v1/restrictions/rst_nothing/effect')).status).toBe(404);
  });
});
