import { runQuarter } from '@taxameter/billing';
import type { SmsSentEvent } from '@taxameter/contracts';
import { startTestRooms, type TestRooms } from '@taxameter/platform/testing';
import { ALL_ROOMS } from '@taxameter/server';
import { extractText } from 'unpdf';

/**
 * docs/follow-one-sms.md, executed: one SMS from the HTTP door to the line of the invoice. Each test is a station of the walk
 * and stands on those before it.
 */

const MESSAGE_ID = 'sms_follow_me';
/** 1 September 2026, 10:15:30.123 in Copenhagen: the third quarter. */
const SENT_AT = '2026-09-01T08:15:30.123Z';

const sms: SmsSentEvent = {
  specversion: '1.0',
  id: MESSAGE_ID,
  source: '/sms-service/a',
  type: 'dk.dinero.usage.sms_sent.v1',
  time: SENT_AT,
  data: {
    messageId: MESSAGE_ID,
    integrationId: 'isv_follow',
    organizationId: '148383',
    channel: 'send_sms',
    recipientCountry: 'DK',
    recipientHash: '0'.repeat(64),
    recipientMasked: '+45 20 ** ** 56',
    encoding: 'GSM7',
    characters: 143,
    segments: 1,
    status: 'sent',
    testMode: false,
  },
};

describe('one SMS, from the door to the invoice', () => {
  let rooms: TestRooms;
  let invoiceNumber: string;

  beforeAll(async () => {
    rooms = await startTestRooms(ALL_ROOMS, { now: '2026-10-05T08:00:00Z' });
  });

  afterAll(async () => {
    await rooms?.stop();
  });

  it('1. has an owner: the partner of its integration is known before it arrives', async () => {
    const partner = await rooms.call('ops', 'PUT', '/v1/partners/par_follow', {
      body: {
        name: 'Følgesvend ApS',
        cvr: '12345674',
        address: { street: 'Åboulevarden 2', postalCode: '8000', city: 'Aarhus C', country: 'DK' },
        email: 'regnskab@foelgesvend.example',
        language: 'da',
      },
    });
    expect(partner.status).toBeLessThan(300);
    const integration = await rooms.call('ops', 'PUT', '/v1/integrations/isv_follow', {
      body: { name: 'Følg med', kind: 'public', partnerId: 'par_follow', from: '2026-01-01T00:00:00Z' },
    });
    expect(integration.status).toBeLessThan(300);
    await rooms.settle();
  });

  it('2. enters by the door and is answered only when it is stored, also when it is sent twice', async () => {
    const headers = { 'content-type': 'application/cloudevents+json' };
    for (let copy = 0; copy < 2; copy += 1) {
      const answer = await rooms.call('ingest', 'POST', '/v1/events', { headers, body: sms });
      expect([answer.status, answer.body]).toEqual([202, { accepted: 1, rejected: [] }]);
    }
    await rooms.settle();
  });

  it('3. is counted once by metering, in the minute in which it was sent', async () => {
    const query =
      'granularity=minute&from=2026-09-01T08:00:00Z&to=2026-09-01T09:00:00Z&integrationId=isv_follow';
    const { body } = await rooms.call('ops', 'GET', `/v1/usage?${query}`);
    expect(body.items).toMatchObject([
      { windowStart: '2026-09-01T08:15:00.000Z', sms: 1, organizationId: '148383' },
    ]);
  });

  it('4. stands once in the permanent ledger of billing, with the place where it was read', async () => {
    const rows = await rooms.databases
      .get('billing')!
      .query('select integration_id, quarter, partition, "offset" from sms_ledger where message_id = $1', [
        MESSAGE_ID,
      ]);
    expect(rows).toMatchObject([{ integration_id: 'isv_follow', quarter: '2026-Q3', offset: 0 }]);
  });

  it('5. leaves an account that adds up: two read, one counted, one duplicate', async () => {
    const { body } = await rooms.call('finance', 'GET', '/v1/accounting');
    for (const room of ['metering', 'billing']) {
      const partition = body.partitions.find(
        (row: { room: string; topic: string; read: number }) =>
          row.room === room && row.topic === 'usage.sms-sent.v1' && row.read > 0,
      );
      expect(partition).toMatchObject({
        read: 2,
        counted: 1,
        duplicate: 1,
        quarantined: 0,
        ignored: 0,
        lag: 0,
      });
    }
  });

  it('6. becomes a line of the invoice when finance runs the quarter', async () => {
    await runQuarter('2026-Q3', { url: rooms.address, token: await rooms.token({ role: 'finance' }) });
    const invoices = await rooms.call('finance', 'GET', '/v1/invoices?quarter=2026-Q3');
    expect(invoices.body.items).toMatchObject([{ smsCount: 1, net: '1.00', vat: '0.25', gross: '1.25' }]);
    invoiceNumber = invoices.body.items[0].number;
  });

  it('7. can be read in the statement that the partner gets, and by nobody else', async () => {
    const path = `/v1/invoices/${invoiceNumber}/statement.pdf`;
    let statement = await rooms.call('partner', 'GET', path, { partnerId: 'par_follow' });
    for (let tries = 0; statement.status !== 200 && tries < 100; tries += 1) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      statement = await rooms.call('partner', 'GET', path, { partnerId: 'par_follow' });
    }
    const { text } = await extractText(statement.bytes, { mergePages: true });
    expect(text).toContain(MESSAGE_ID);
    expect(text).toContain('10:15:30.123+02:00');
    expect((await rooms.call('partner', 'GET', path, { partnerId: 'par_other' })).status).toBe(404);
  });
});
