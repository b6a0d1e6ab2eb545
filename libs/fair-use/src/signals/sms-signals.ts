import { agreementIdOf, type SmsSent, type SmsSentEvent } from '@taxameter/contracts';
import type { Policy } from '../policy/policy.js';
import { bounded } from './measure.js';
import { endOfGrain, minuteOf } from './minute.js';
import { pairKey } from './signals.js';
import { emptyRow, NO_SIGNALS, type Signals, type SmsHour, type SmsMinute } from './tables.js';

/** Turns SMS into signals, by the time at which each was sent. */

type Mutable<Row> = { -readonly [Field in keyof Row]: Row[Field] };
type SmsMinuteSums = Mutable<Omit<SmsMinute, 'sendings'>> & { sendings: Record<string, number> };

/**
 * What a batch of distinct SMS says. Left out are those by nobody we could help (`unknown`) and those of test mode, which reach
 * nobody and cost nothing.
 * @throws RangeError when an event's `time` is not an instant
 */
export function smsSignalsOf(events: Iterable<SmsSentEvent>, policy: Policy): Signals {
  const smsMinutes = new Map<string, SmsMinuteSums>();
  const smsHours = new Map<string, Mutable<SmsHour>>();
  for (const { data, time } of events) {
    if (data.testMode || data.integrationId === 'unknown') continue;
    const minute = minuteOf(time);
    const { integrationId } = data;
    const place = { integrationId, agreementId: agreementIdOf(data.organizationId), minute };
    const ofMinute = rowOf<SmsMinuteSums>(smsMinutes, place, () => emptyRow('smsMinutes', place));
    ofMinute.sms += 1;
    const sending = sendingOf(data);
    if (sending !== null) ofMinute.sendings[sending] = (ofMinute.sendings[sending] ?? 0) + 1;

    const hour = { ...place, minute: endOfGrain(minute, 60) };
    const ofHour = rowOf<Mutable<SmsHour>>(smsHours, hour, () => emptyRow('smsHours', hour));
    ofHour.sms += 1;
    if (!policy.allowedSmsCountries.includes(data.recipientCountry)) ofHour.foreignSms += 1;
  }
  for (const row of smsMinutes.values()) row.sendings = { ...bounded(row.sendings) };
  return { ...NO_SIGNALS, smsMinutes, smsHours };
}

function rowOf<Row>(rows: Map<string, Row>, place: Parameters<typeof pairKey>[0], make: () => Row): Row {
  const key = pairKey(place);
  let row = rows.get(key);
  if (!row) rows.set(key, (row = make()));
  return row;
}

/**
 * To whom which voucher was sent; null where no voucher is named: two messages to one person may then be about different things. Half
 * of the recipient's hash is enough to tell two apart.
 */
function sendingOf({ recipientHash, voucherGuid }: SmsSent): string | null {
  return voucherGuid ? `${recipientHash.slice(0, 32)} ${voucherGuid.toLowerCase()}` : null;
}
