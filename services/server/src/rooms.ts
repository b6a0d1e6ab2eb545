import { AlertingModule, alertingMigrations } from '@taxameter/alerting';
import { BillingModule, billingMigrations } from '@taxameter/billing';
import { ConsoleModule } from '@taxameter/console';
import { FairUseModule, fairUseMigrations } from '@taxameter/fair-use';
import { IngestModule } from '@taxameter/ingest';
import { MeteringModule, meteringMigrations } from '@taxameter/metering';
import { PartnersModule, partnersMigrations } from '@taxameter/partners';
import { ConfigurationError, type Room } from '@taxameter/platform';

/** The rooms of the house. A process runs all of them or those that `ROOMS` names. */
export const ALL_ROOMS: readonly Room[] = [
  { name: 'ingest', module: IngestModule, schema: null },
  {
    name: 'partners',
    module: PartnersModule,
    schema: { migrations: partnersMigrations },
  },
  {
    name: 'metering',
    module: MeteringModule,
    schema: { migrations: meteringMigrations },
  },
  {
    name: 'fair-use',
    module: FairUseModule,
    schema: { migrations: fairUseMigrations },
  },
  {
    name: 'billing',
    module: BillingModule,
    schema: { migrations: billingMigrations },
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
  if (names.length === 0) return ALL_ROOMS;
  return names.map((name) => {
    const room = ALL_ROOMS.find((candidate) => candidate.name === name);
    if (room) return room;
    const known = ALL_ROOMS.map((candidate) => candidate.name).join(', ');
    throw new ConfigurationError(`ROOMS names "${name}", which is not a room: choose from ${known}`);
  });
}
