/**
 * Makes demo/data/sms-2026-q3.jsonl: a quarter of SMS of invented partners, with the awkward cases among
 * them. The same on every machine and every day: a seeded generator of numbers, whole-number arithmetic, no
 * clock.
 *
 *   node demo/make-sms-events.mjs            writes the file
 *   node demo/make-sms-events.mjs --stdout   prints it
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';

const SEED = 20_260_701;
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

// All of July, August and September is summer time in Denmark: local midnight is 22:00 UTC of the day before.
const QUARTER_START = Date.parse('2026-06-30T22:00:00Z');
const QUARTER_END = Date.parse('2026-09-30T22:00:00Z');
const DEACTIVATION = Date.parse('2026-08-17T08:00:00Z');

/** What each integration sends on ordinary days; `until` is the instant before which it does. */
const SENDERS = [
  {
    integrationId: 'isv_bilagsbro',
    agreements: ['410201', '410201', '410201', '410202', '410202', '410203', '410204'],
    sms: 310,
    tests: 9,
    reminders: 15,
    ucs2: 12,
  },
  {
    integrationId: 'isv_bilagsbro_kasse',
    agreements: ['410301', '410301', '410302'],
    sms: 120,
    tests: 5,
    reminders: 5,
    ucs2: 6,
  },
  {
    integrationId: 'isv_kvittering',
    agreements: ['520101', '520101', '520102', '520103'],
    sms: 1_233,
    tests: 0,
    reminders: 10,
    ucs2: 8,
    until: DEACTIVATION,
    idPrefix: 'case-21-before-',
  },
  {
    integrationId: 'isv_paamindelse',
    agreements: ['630101', '630102'],
    sms: 47,
    tests: 2,
    reminders: 85,
    ucs2: 60,
  },
  {
    integrationId: '113d3a99c3da401fbd62cc2caa5b96d2',
    agreements: ['54fadb412c4e40cdbaed9335e4c35a9e'],
    sms: 12,
    tests: 0,
    reminders: 0,
    ucs2: 0,
  },
  {
    integrationId: 'isv_brightholm',
    agreements: ['740101', '740102'],
    sms: 88,
    tests: 9,
    reminders: 20,
    ucs2: 25,
  },
];

const MOBILE_SERIES = [
  20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 40, 41, 42, 50, 51, 52, 53, 60, 61, 71, 81,
];

/** Mulberry32: whole numbers only, so every engine draws the same. */
function makeRandom(seed) {
  let state = seed;
  return function below(limit) {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

const below = makeRandom(SEED);
const oneOf = (list) => list[below(list.length)];
const percent = (share) => below(100) < share;
const hex = (length) => Array.from({ length }, () => below(16).toString(16)).join('');
const twoDigits = (number) => String(number).padStart(2, '0');
const instant = (ms) => new Date(ms).toISOString();

/**
 * Working days are busy; in the holiday weeks of July a third of that is sent, at weekends nearly nothing.
 */
function shareOfDay(startOfDayMs) {
  const weekday = new Date(startOfDayMs + 12 * HOUR_MS).getUTCDay();
  const isWeekend = weekday === 0 || weekday === 6;
  const isHoliday =
    startOfDayMs >= Date.parse('2026-07-12T22:00Z') && startOfDayMs < Date.parse('2026-08-02T22:00Z');
  return isWeekend ? 3 : isHoliday ? 33 : 100;
}

/** An instant between 08:00 and 17:00 local time, before `until`. */
function officeTime(until) {
  for (;;) {
    const day = QUARTER_START + below((QUARTER_END - QUARTER_START) / DAY_MS) * DAY_MS;
    const time = day + 8 * HOUR_MS + below(9 * HOUR_MS);
    const isLunch = Math.floor((time - day) / (HOUR_MS / 2)) === 24;
    if (time < until && percent(shareOfDay(day)) && !(isLunch && percent(60))) return time;
  }
}

function textLength(encoding) {
  if (encoding === 'UCS2') return percent(60) ? 38 + below(33) : 71 + below(260);
  return percent(80) ? 72 + below(89) : 161 + below(percent(10) ? 800 : 240);
}

/** 160 characters fit into one GSM-7 message and 153 into each part of a longer one; 70 and 67 in UCS-2. */
function segmentsOf(encoding, characters) {
  const [single, part] = encoding === 'UCS2' ? [70, 67] : [160, 153];
  return characters <= single ? 1 : Math.ceil(characters / part);
}

/** No telephone number stands behind a recipient: the hash is made of a made-up name. */
function recipient(integrationId, number) {
  const name = `demo recipient ${integrationId} ${number}`;
  const recipientHash = createHash('sha256').update(name).digest('hex');
  const digits = Number.parseInt(recipientHash.slice(0, 8), 16);
  const series = MOBILE_SERIES[digits % MOBILE_SERIES.length];
  return {
    recipientHash,
    recipientMasked: `+45 ${series} ** ** ${twoDigits(Math.floor(digits / 100) % 100)}`,
  };
}

const lines = [];

/** One line. `time` is text as it is written; `arrivesMs` orders the file. */
function add(
  messageId,
  time,
  sender,
  { source = `/sms-service/${oneOf(['a', 'b'])}`, arrivesMs, ...more } = {},
) {
  const channel = percent(22) ? 'mailout_v2' : 'send_sms';
  const encoding = percent(sender.ucs2) ? 'UCS2' : 'GSM7';
  const characters = textLength(encoding);
  const guid = `${hex(8)}-${hex(4)}-4${hex(3)}-a${hex(3)}-${hex(12)}`;
  const event = {
    specversion: '1.0',
    id: messageId,
    source,
    type: 'dk.dinero.usage.sms_sent.v1',
    time,
    subject: sender.integrationId,
    partitionkey: messageId,
    datacontenttype: 'application/json',
    data: {
      messageId,
      integrationId: sender.integrationId,
      organizationId: oneOf(sender.agreements),
      channel,
      voucherGuid: channel === 'send_sms' ? guid : null,
      isReminder: percent(sender.reminders),
      recipientCountry: 'DK',
      ...recipient(sender.integrationId, below(Math.ceil((sender.sms * 2) / 3))),
      encoding,
      characters,
      segments: segmentsOf(encoding, characters),
      status: 'sent',
      testMode: false,
      ...more,
    },
  };
  lines.push({ event, arrivesMs: arrivesMs ?? Date.parse(time) });
  return event;
}

/** The same thing once more, as a retry or another instance would send it. */
function repeat(event, afterMs, { source = event.source, ...more } = {}) {
  const copy = { ...event, source, data: { ...event.data, ...more } };
  lines.push({ event: copy, arrivesMs: Date.parse(event.time) + afterMs });
}

function ordinaryDays() {
  for (const sender of SENDERS) {
    const times = Array.from({ length: sender.sms }, () => officeTime(sender.until ?? QUARTER_END));
    for (const [index, time] of times.sort((one, other) => one - other).entries()) {
      const number = String(index + 1).padStart(4, '0');
      const messageId = sender.idPrefix ? `${sender.idPrefix}${number}` : `sms_${hex(24)}`;
      add(messageId, instant(time), sender);
    }
    for (let test = 1; test <= sender.tests; test += 1) {
      const messageId = `test-${sender.integrationId}-${twoDigits(test)}`;
      add(messageId, instant(officeTime(QUARTER_END)), sender, { testMode: true });
    }
  }
}

function quarterBorders(bilagsbro) {
  add('case-1-q2-last-millisecond', '2026-06-30T21:59:59.999Z', bilagsbro);
  add('case-1-q3-first-instant', '2026-06-30T22:00:00.000Z', bilagsbro);
  add('case-1-q3-last-millisecond', '2026-09-30T21:59:59.999Z', bilagsbro);
  add('case-1-q4-first-instant', '2026-09-30T22:00:00.000Z', bilagsbro);
  add('case-3-half-past-midnight-plus-2-q4', '2026-10-01T00:30:00+02:00', bilagsbro);
  add('case-3-half-past-midnight-plus-3-q3', '2026-10-01T00:30:00+03:00', bilagsbro);
}

function repeats(bilagsbro, brightholm) {
  const five = add('case-8-five-copies', '2026-08-11T09:14:27.310Z', bilagsbro, { source: '/sms-service/a' });
  // Copies come seconds, minutes, hours and weeks later.
  for (const afterMs of [2_000, 5 * MINUTE_MS, 7 * HOUR_MS, 21 * DAY_MS]) repeat(five, afterMs);

  // The same message with other contents: the first counts, the second is put aside for a person.
  const conflict = add('case-9-other-body', '2026-09-08T11:02:40.125Z', bilagsbro, {
    encoding: 'GSM7',
    characters: 148,
    segments: 1,
  });
  repeat(conflict, 2 * HOUR_MS, { characters: 402, segments: 3 });

  const two = add('case-10-two-sources', '2026-07-07T12:31:05.772Z', brightholm, {
    source: '/sms-service/a',
  });
  repeat(two, 40_000, { source: '/sms-service/b' });
}

/** The gate leaked: six SMS after the integration was deactivated, the first at the very instant. */
function deactivation(kvittering) {
  add('case-21-before-1234', instant(DEACTIVATION - 1), kvittering);
  const afterMs = [0, 90_000, 26 * MINUTE_MS, DAY_MS + HOUR_MS, 2 * DAY_MS, 9 * DAY_MS];
  for (const [index, ms] of afterMs.entries()) {
    add(`case-21-after-${index + 1}`, instant(DEACTIVATION + ms), kvittering);
  }
}

function foreignNumbers(brightholm) {
  const to = (name, time, recipientCountry, recipientMasked) =>
    add(`case-26-${name}`, time, brightholm, { recipientCountry, recipientMasked });
  to('sweden', '2026-07-21T08:40:12.004Z', 'SE', '+46 70 *** ** 12');
  to('faroe-islands', '2026-08-04T10:15:33.918Z', 'FO', '+298 21 ** 45');
  to('greenland', '2026-08-25T13:05:51.467Z', 'GL', '+299 22 ** 34');
  // 45201234 without a country code is +45 45 20 12 34, not +45 20 12 34 with digits missing.
  to('denmark-45201234', '2026-09-15T07:22:08.660Z', 'DK', '+45 45 ** ** 34');
}

function makeFile() {
  const sender = (integrationId) => SENDERS.find((one) => one.integrationId === integrationId);
  ordinaryDays();
  quarterBorders(sender('isv_bilagsbro'));
  repeats(sender('isv_bilagsbro'), sender('isv_brightholm'));
  deactivation(sender('isv_kvittering'));
  foreignNumbers(sender('isv_brightholm'));
  // Sorting is stable, so of two that arrive together the one made first stays first.
  lines.sort((one, other) => one.arrivesMs - other.arrivesMs);
  return lines.map(({ event }) => `${JSON.stringify(event)}\n`).join('');
}

const file = makeFile();
if (process.argv.includes('--stdout')) process.stdout.write(file);
else writeFileSync(new URL('data/sms-2026-q3.jsonl', import.meta.url), file);
