import { AlertingModule, alertingEntities, alertingMigrations } from '@taxameter/alerting';
import { BillingModule, billingEntities, billingMigrations } from '@taxameter/billing';
import { ConsoleModule } from '@taxameter/console';
import { FairUseModule, fairUseEntities, fairUseMigrations } from '@taxameter/fair-use';
import { IngestModule } from '@taxameter/ingest';
import { MeteringModule, meteringEntities, meteringMigrations } from '@taxameter/metering';
import { PartnersModule, partnersEntities, partnersMigrations } from '@taxameter/partners';
import { ConfigurationError, type Room } from '@taxameter/platform';

/** The rooms of the house. A process runs all of them or those that `ROOMS` names. */
export const ALL_ROOMS: readonly Room[] = [
  { name: 'ingest', module: IngestModule, schema: null },
  {
    name: 'partners',
    module: PartnersModule,
    schema: { entities: partnersEntities, migrations: partnersMigrations },
  },
  {
    name: 'metering',
    module: MeteringModule,
    schema: { entities: meteringEntities, migrations: meteringMigrations },
  },
  {
    name: 'fair-use',
    module: FairUseModule,
    schema: { entities: fairUseEntities, migrations: fairUseMigrations },
  },
  {
    name: 'billing',
    module: BillingModule,
    schema: { entities: billingEntities, migrations: billingMigrations },
  },
  {
    name: 'alerting',
    module: AlertingModule,
    schema: { entities: alertingEntities, migrations: alertingMigrations },
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
