import { Controller } from '@nestjs/common';
import { Quarter, TOPICS, agreementIdOf, smsSent, smsTotalsChanged } from '@taxameter/contracts';
import type { SmsSentEvent, SmsTotalsChangedEvent } from '@taxameter/contracts';
import { OnEvents } from '@taxameter/platform';
import type { EventBatch, ReceivedEvent } from '@taxameter/platform';

/**
 * Appends every accepted SMS to the ledger, whoever owns its integration and wherever it went: owner, holds
 * and price are decided when a quarter is previewed, so that a fact that comes late still counts.
 */
@Controller()
export class SmsLedgerConsumer {
  @OnEvents('billing', TOPICS.smsSent, [smsSent])
  async append(batch: EventBatch<SmsSentEvent>): Promise<void> {
    await batch.tx.query(APPEND, [JSON.stringify(batch.events.map(ledgerRow))]);
  }

  @OnEvents('billing', TOPICS.smsTotals, [smsTotalsChanged])
  async keepTotals(batch: EventBatch<SmsTotalsChangedEvent>): Promise<void> {
    const newest = new Map<string, SmsTotalsChangedEvent['data']>();
    for (const { event } of batch.events) {
      const { partition, integrationId, quarter } = event.data;
      newest.set(`${partition}|${integrationId}|${quarter}`, event.data);
    }
    const rows = [...newest].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, totals]) => totals);
    await batch.tx.query(KEEP_TOTALS, [JSON.stringify(rows)]);
  }
}

/**
 * The quarter is that of the sent time in Copenhagen; the text of the event's time misleads (domain case 3).
 */
function ledgerRow({ event, time, appendedAt, position }: ReceivedEvent<SmsSentEvent>) {
  const { data } = event;
  return {
    message_id: data.messageId,
    integration_id: data.integrationId,
    organization_id: agreementIdOf(data.organizationId),
    sent_at: time.toISOString(),
    quarter: Quarter.of(time).toString(),
    channel: data.channel,
    voucher_guid: data.voucherGuid ?? null,
    is_reminder: data.isReminder ?? false,
    recipient_country: data.recipientCountry,
    recipient_masked: data.recipientMasked,
    encoding: data.encoding,
    characters: data.characters,
    segments: data.segments,
    test_mode: data.testMode,
    source: event.source,
    appended_at: appendedAt.toISOString(),
    partition: position.partition,
    offset: position.offset,
    index: position.index,
  };
}

const APPEND = `
  insert into sms_ledger
    (message_id, integration_id, organization_id, sent_at, quarter, channel, voucher_guid, is_reminder,
     recipient_country, recipient_masked, encoding, characters, segments, test_mode, source, appended_at,
     partition, "offset", index)
  select message_id, integration_id, organization_id, sent_at, quarter, channel, voucher_guid, is_reminder,
         recipient_country, recipient_masked, encoding, characters, segments, test_mode, source, appended_at,
         partition, "offset", index
  from jsonb_to_recordset($1::jsonb) as sent
    (message_id text, integration_id text, organization_id text, sent_at timestamptz, quarter text,
     channel text, voucher_guid text, is_reminder boolean, recipient_country text, recipient_masked text,
     encoding text, characters integer, segments integer, test_mode boolean, source text,
     appended_at timestamptz, partition integer, "offset" bigint, index integer)`;

const KEEP_TOTALS = `
  insert into metered_sms (partition, integration_id, quarter, as_of_offset, count, sum_hash)
  select partition, "integrationId", quarter, "asOfOffset", count, "sumHash"
  from jsonb_to_recordset($1::jsonb) as totals
    (partition integer, "integrationId" text, quarter text, "asOfOffset" bigint, count bigint,
     "sumHash" numeric)
  on conflict (partition, integration_id, quarter) do update
    set as_of_offset = excluded.as_of_offset, count = excluded.count, sum_hash = excluded.sum_hash
    where excluded.as_of_offset >= metered_sms.as_of_offset`;
