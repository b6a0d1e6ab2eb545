import type { ApiCall, ApiCallEvent, SmsSentEvent } from '@taxameter/contracts';
import type { Random } from '@taxameter/contracts/testing';
import { hex, uuidV4 } from '../identifiers.js';

/** How integrations behave: each persona says what one of its kind sends in one minute. */

export type LoadEvent = ApiCallEvent | SmsSentEvent;

export interface Sending {
  readonly event: LoadEvent;
  /** How often it is sent: a sender that never heard an answer sends again, with the same id. */
  readonly copies: number;
}

/** One integration that behaves like its persona, on its agreements. */
export interface Member {
  readonly persona: Persona;
  readonly integrationId: string;
  readonly organizationIds: readonly string[];
}

export const PERSONAS = {
  /** A call now and then. */
  quiet: (member, minute, random) => (random() % 10 === 0 ? [call(member, minute, random)] : []),
  /** Nothing by day, much in one hour of the night. */
  'nightly-sync': (member, minute, random) =>
    new Date(minute).getUTCHours() === 2 ? times(60, () => call(member, minute, random)) : [],
  /** The same list, four times a minute, for ever. */
  poller: (member, minute, random) =>
    times(4, () =>
      call(member, minute, random, { route: '/v1/{organizationId}/contacts', operation: 'list' }),
    ),
  /** Quiet for nine minutes, then 300 calls at once. */
  burster: (member, minute, random) =>
    (minute / 60_000) % 10 === 0 ? times(300, () => call(member, minute, random)) : [],
  /** A list, and then each item by itself. */
  'n-plus-one': (member, minute, random) =>
    (minute / 60_000) % 5 === 0
      ? times(51, (index) =>
          call(member, minute, random, {
            operation: index === 0 ? 'list' : 'item',
            route: `/v1/{organizationId}/invoices${index === 0 ? '' : '/{guid}'}`,
          }),
        )
      : [],
  /** Is refused and calls again at once. */
  'retry-storm': (member, minute, random) =>
    times(40, (index) =>
      call(member, minute, random, { status: index % 4 === 0 ? 200 : index % 4 === 1 ? 503 : 429 }),
    ),
  /** Sends each event up to 50 times. */
  'duplicate-storm': (member, minute, random) =>
    times(3, () => ({ ...call(member, minute, random), copies: 1 + (random() % 50) })),
  /** SMS, a tenth of them in test mode, some sent twice. */
  mailer: (member, minute, random) => times(5, () => sms(member, minute, random)),
} as const satisfies Record<string, (member: Member, minute: number, random: Random) => Sending[]>;

export type Persona = keyof typeof PERSONAS;

/** `members` integrations, the personas in turn, with some agreements each. */
export function membersOf(members: number, random: Random): Member[] {
  const personas = Object.keys(PERSONAS) as Persona[];
  return Array.from({ length: members }, (_, index) => ({
    persona: personas[index % personas.length]!,
    integrationId: `load_${String(index).padStart(5, '0')}`,
    organizationIds: times(1 + (random() % 4), () => String(200_000 + (random() % 100_000))),
  }));
}

/** What a member sends in the minute that begins at that instant (ms since 1970). */
export function minuteOf(member: Member, minuteMs: number, random: Random): Sending[] {
  return PERSONAS[member.persona](member, minuteMs, random);
}

function times<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

const timeIn = (minuteMs: number, random: Random) => new Date(minuteMs + (random() % 60_000)).toISOString();
const oneOf = <T>(values: readonly T[], random: Random) => values[random() % values.length]!;

function call(member: Member, minuteMs: number, random: Random, more: Partial<ApiCall> = {}): Sending {
  const data: ApiCall = {
    integrationId: member.integrationId,
    organizationId: random() % 20 === 0 ? null : oneOf(member.organizationIds, random),
    method: 'GET',
    route: oneOf(
      ['/v1/{organizationId}/contacts', '/v1/{organizationId}/invoices', '/v1/organizations'],
      random,
    ),
    operation: 'list',
    status: random() % 30 === 0 ? 404 : 200,
    durationMs: random() % 900,
    responseBytes: random() % 20_000,
    ...more,
  };
  const event: ApiCallEvent = {
    specversion: '1.0',
    id: uuidV4(random),
    source: '/gateway/load',
    type: 'dk.dinero.usage.api_call.v1',
    time: timeIn(minuteMs, random),
    data,
  };
  return { event, copies: 1 };
}

function sms(member: Member, minuteMs: number, random: Random): Sending {
  const messageId = `load-${uuidV4(random)}`;
  const event: SmsSentEvent = {
    specversion: '1.0',
    id: messageId,
    source: '/sms-service/load',
    type: 'dk.dinero.usage.sms_sent.v1',
    time: timeIn(minuteMs, random),
    data: {
      messageId,
      integrationId: member.integrationId,
      organizationId: oneOf(member.organizationIds, random),
      channel: 'send_sms',
      recipientCountry: 'DK',
      recipientHash: hex(random, 64),
      recipientMasked: '+45 20 ** ** 56',
      encoding: 'GSM7',
      characters: 80,
      segments: 1 + (random() % 3),
      status: 'sent',
      testMode: random() % 10 === 0,
    },
  };
  return { event, copies: random() % 8 === 0 ? 2 : 1 };
}
