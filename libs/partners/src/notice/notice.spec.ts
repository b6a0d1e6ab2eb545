import type { TestRooms } from '@taxameter/platform/testing';
import { startPartnersRoom } from '../partners-room.testing.js';
import { noticeCsv, noticeOf } from './notice.js';

const terms = {
  mode: 'block',
  capability: 'sms',
  from: '2026-10-05T05:43:00.000Z',
  until: '2026-10-06T10:00:00.000Z',
} as const;

describe('a notice to customers', () => {
  it('says what they may notice and until when, and whom to ask', () => {
    expect(noticeOf(terms, 'Eksempel')).toEqual({
      subject: { da: 'Om jeres brug af Eksempel', en: 'About your use of Eksempel' },
      text: {
        da:
          'Afsendelse af SMS fra Eksempel er ikke tilgængelig fra 5. oktober 2026 kl. 07.43 til 6. oktober 2026 kl. 12.00. ' +
          'Jeres regnskab og jeres data er ikke berørt, og I kan arbejde i regnskabsprogrammet, som I plejer. ' +
          'Har I spørgsmål, så henvend jer til udbyderen af Eksempel.',
        en:
          'Sending SMS from Eksempel is not available from 5 October 2026 at 07:43 to 6 October 2026 at 12:00. ' +
          'Your accounts and your data are not affected, and you can work in the accounting program as usual. ' +
          'If you have questions, please ask the provider of Eksempel.',
      },
    });
  });

  it('of a throttle speaks of slowness, and names no route and no limit', () => {
    const slow = {
      mode: 'throttle',
      capability: 'route:/v1/{organizationId}/contacts',
      until: null,
    } as const;
    const { da } = noticeOf({ ...terms, ...slow }, 'Eksempel').text;
    expect(da).toMatch(
      /^En funktion i Eksempel kan være langsommere end sædvanligt fra .* og indtil videre\./,
    );
    expect(da).not.toContain('/v1/');
  });

  it('lists agreements as CSV that no spreadsheet runs', () => {
    expect(
      noticeCsv([
        { organizationId: '1', name: '=cmd|calc' },
        { organizationId: '2', name: 'Bager; "Bo"' },
        { organizationId: '3', name: null },
      ]),
    ).toBe(`organizationId,name\r\n1,'=cmd|calc\r\n2,"Bager; ""Bo"""\r\n3,\r\n`);
  });
});

describe('the notice of a restriction', () => {
  let rooms: TestRooms;
  let path: string;
  const note = { da: 'I har brudt vilkårene.', en: 'You have broken the terms.' };

  beforeAll(async () => {
    rooms = await startPartnersRoom();
    await rooms.call('ops', 'PUT', '/v1/partners/par_a', { body: { name: 'par_a' } });
    const details = { name: 'Eksempel', kind: 'public', partnerId: 'par_a' };
    await rooms.call('ops', 'PUT', '/v1/integrations/isv_a', { body: details });
    for (const id of ['1', '2', '3', '4']) {
      const status = id === '3' ? 'ended' : 'active';
      const body = { name: `Kunde ${id}`, status };
      await rooms.call('ops', 'PUT', `/v1/integrations/isv_a/agreements/${id}`, { body });
    }
    const { body } = await rooms.call('ops', 'POST', '/v1/restrictions', {
      body: {
        integrationId: 'isv_a',
        scope: 'agreements',
        organizationIds: ['1', '2', '3'],
        mode: 'block',
        reasonCode: 'sms_terms',
        clause: 'SMS, punkt 3',
        note,
        endCondition: note,
        reason: 'misbrug',
      },
    });
    path = `/v1/restrictions/${body.restrictionId}/notice`;
  });

  afterAll(() => rooms.stop());

  it('goes to the active agreements that it binds, page by page, without a word of why', async () => {
    const first = await rooms.call('ops', 'GET', `${path}?limit=1`);
    expect(first.body).toMatchObject({ items: [{ organizationId: '1', name: 'Kunde 1' }], nextCursor: '1' });
    const { body } = await rooms.call('ops', 'GET', `${path}?limit=1&cursor=1`);
    expect(body).toMatchObject({ items: [{ organizationId: '2' }], nextCursor: null });
    expect(JSON.stringify(body)).not.toMatch(/brudt|broken|sms_terms|punkt|misbrug/i);
  });

  it('has its list as a file too, for ops only', async () => {
    const file = await rooms.call('ops', 'GET', `${path}?format=csv`);
    expect(file.headers.get('content-type')).toBe('text/csv; charset=utf-8; header=present');
    expect(new TextDecoder().decode(file.bytes)).toBe('organizationId,name\r\n1,Kunde 1\r\n2,Kunde 2\r\n');
    const wrong = await rooms.call('ops', 'GET', `${path}?format=csv&cursor=1`);
    expect([wrong.status, wrong.body.errors[0].field]).toEqual([400, 'query.cursor']);
    expect((await rooms.call('partner', 'GET', path, { partnerId: 'par_a' })).status).toBe(403);
    expect((await rooms.call('ops', 'GET', '/v1/restrictions/rst_nothing/notice')).status).toBe(404);
  });
});
