import { AlertingModule, alertingMigrations } from '@taxameter/alerting';
import { BillingModule, billingMigrations } from '@taxameter/billing';
import { ConsoleModule } from '@taxameter/console';
import { FairUseModule, fairUseMigrations } from '@taxameter/fair-use';
import { IngestModule } from '@taxameter/ingest';
import {
  MeteringModule,
  meteringAuditors,
  meteringMigrations,
  meteringPartitions,
} from '@taxameter/metering';
import { PartnersModule, partnersMigrations } from '@taxameter/partners';
import { TOPICS } from '@taxameter/contracts';
import { ConfigurationError, type Room, type RoomElsewhere } from '@taxameter/platform';

/** The rooms of the house. A process runs all of them or those that `ROOMS` names. */
export const ALL_ROOMS: readonly Room[] = [
  {
    name: 'ingest',
    module: IngestModule,
    schema: null,
    writes: [TOPICS.apiCalls.name, TOPICS.smsSent.name],
  },
  {
    name: 'partners',
    module: PartnersModule,
    schema: { migrations: partnersMigrations },
    writes: [
      TOPICS.partners.name,
      TOPICS.integrationStatus.name,
      TOPICS.restrictionAnswers.name,
      TOPICS.smsBudgets.name,
    ],
  },
  {
    name: 'metering',
    module: MeteringModule,
    schema: { migrations: meteringMigrations },
    writes: [TOPICS.smsTotals.name, TOPICS.callTotals.name],
    auditors: meteringAuditors,
    partitioned: meteringPartitions,
  },
  {
    name: 'fair-use',
    module: FairUseModule,
    schema: { migrations: fairUseMigrations },
    writes: [
      TOPICS.breaches.name,
      TOPICS.observations.name,
      TOPICS.usageProfiles.name,
      TOPICS.restrictionsObserved.name,
      TOPICS.smsBudgetsReached.name,
    ],
  },
  {
    name: 'billing',
    module: BillingModule,
    schema: { migrations: billingMigrations },
    writes: [TOPICS.documents.name],
  },
  {
    name: 'alerting',
    module: AlertingModule,
    schema: { migrations: alertingMigrations },
  },
  { name: 'console', module: ConsoleModule, schema: null },
];

/**
 * The rooms with these names; none named means all.
 * @throws ConfigurationError naming the room that does not exist and those that do
 */
export function roomsNamed(names: readonly string[]): readonly Room[] {
  return names.length === 0 ? ALL_ROOMS : names.map((name) => roomNamed(name, 'ROOMS'));
}

/**
 * The rooms behind these addresses, without those that run here: one environment can serve several processes.
 * @throws ConfigurationError naming the room that does not exist and those that do
 */
export function roomsElsewhere(urls: ReadonlyMap<string, string>, here: readonly Room[]): RoomElsewhere[] {
  return [...urls]
    .map(([name, url]) => ({ room: roomNamed(name, 'ROOM_URLS'), url }))
    .filter(({ room }) => !here.includes(room));
}

function roomNamed(name: string, variable: string): Room {
  const room = ALL_ROOMS.find((candidate) => candidate.name === name);
  if (room) return room;
  const known = ALL_ROOMS.map((candidate) => candidate.name).join(', ');
  throw new ConfigurationError(`${variable} names "${name}", which is not a room: choose from ${known}`);
}
