import { Controller, Inject } from '@nestjs/common';
import { fields, integrationChanged, type Integration } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Problem,
  Route,
  databaseOf,
  defineRoute,
  notFound,
  runCommand,
  withActor,
  type Call,
  type CallOf,
  type Clock,
  pageOf,
  pageQuery,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { makeChange } from '../change/change.service.js';
import { commandAnswer, commandFields } from '../change/command-body.js';
import { PastWouldChange } from './history.js';
import {
  asSeenBy,
  changeStatus,
  integrationDetails,
  integrationState,
  ownerAt,
  recordIntegration,
  type StatusWanted,
} from './integration.js';
import { publishStatus } from '../status-feed/publish-status.service.js';
import { listIntegrations, loadIntegration, saveIntegration } from './integration.service.js';

/** Integrations over HTTP: recorded, handed over, deactivated, reactivated, read. */

const params = z.object({ integrationId: fields.identifier(100) });
const answer = integrationState.extend(commandAnswer);
const reason = fields.text(500);

export const putIntegration = defineRoute({
  method: 'PUT',
  path: '/v1/integrations/:integrationId',
  summary: 'Records an integration, or changes its name, kind or owner',
  description:
    'A new owner holds from `from` on (default: now). What has taken effect is never changed: 409.',
  roles: ['ops'],
  params,
  body: z.strictObject({ ...integrationDetails, from: fields.instant.optional(), ...commandFields }),
  command: true,
  responses: { 200: { description: 'The integration as it now is', schema: answer } },
});

export const deactivateIntegration = defineRoute({
  method: 'POST',
  path: '/v1/integrations/:integrationId/deactivate',
  summary: 'Deactivates an integration from an instant on (default: now)',
  roles: ['ops'],
  params,
  body: z.strictObject({ reason, from: fields.instant.optional(), version: commandFields.version }),
  command: true,
  responses: { 200: { description: 'The integration as it now is', schema: answer } },
});

export const reactivateIntegration = defineRoute({
  method: 'POST',
  path: '/v1/integrations/:integrationId/reactivate',
  summary: 'Reactivates an integration from now on, and cancels a planned deactivation',
  roles: ['ops'],
  params,
  body: z.strictObject({ reason, version: commandFields.version }),
  command: true,
  responses: { 200: { description: 'The integration as it now is', schema: answer } },
});

export const getIntegration = defineRoute({
  method: 'GET',
  path: '/v1/integrations/:integrationId',
  summary: 'One integration with its ownership and status histories',
  roles: ['ops', 'finance', 'partner'],
  params,
  responses: { 200: { description: 'The integration', schema: integrationState } },
});

export const getIntegrations = defineRoute({
  method: 'GET',
  path: '/v1/integrations',
  summary: 'Integrations, by id',
  roles: ['ops', 'finance', 'partner'],
  query: z.object({ ...pageQuery, partnerId: fields.identifier(64).optional().describe('its owner now') }),
  responses: { 200: { description: 'A page of integrations', schema: pageOf(integrationState) } },
});

@Controller()
export class IntegrationController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(putIntegration)
  put(@Input() call: CallOf<typeof putIntegration>) {
    const { integrationId } = call.params;
    const { version, reason, name, kind, partnerId, from } = call.body;
    return this.command(call, integrationId, { action: 'integration_changed', reason, version }, (current) =>
      recordIntegration(current, { integrationId, name, kind, partnerId, from }, this.clock.now()),
    );
  }

  @Route(deactivateIntegration)
  deactivate(@Input() call: CallOf<typeof deactivateIntegration>) {
    const { reason, version, from } = call.body;
    const wanted = { status: 'deactivated', from: this.instant(from), reason } as const;
    return this.changeStatus(call, call.params.integrationId, wanted, version);
  }

  @Route(reactivateIntegration)
  reactivate(@Input() call: CallOf<typeof reactivateIntegration>) {
    const { reason, version } = call.body;
    const wanted = { status: 'active', from: this.instant(undefined), reason } as const;
    return this.changeStatus(call, call.params.integrationId, wanted, version);
  }

  @Route(getIntegration)
  async one(@Input() { params, actor }: CallOf<typeof getIntegration>) {
    const { integrationId } = params;
    const found = await withActor(this.database, actor, (tx) => loadIntegration(tx, integrationId));
    const isForeign =
      found && actor.role === 'partner' && ownerAt(found, this.clock.now()) !== actor.partnerId;
    if (!found || isForeign) throw notFound(`integration ${integrationId}`);
    return asSeenBy(found, actor.partnerId);
  }

  @Route(getIntegrations)
  async list(@Input() { query, actor }: CallOf<typeof getIntegrations>) {
    const { limit, cursor, partnerId } = query;
    const ownerId = actor.role === 'partner' ? actor.partnerId : (partnerId ?? null);
    if (actor.role === 'partner' && partnerId !== undefined && partnerId !== actor.partnerId) {
      throw notFound(`partner ${partnerId}`);
    }
    const page = await withActor(this.database, actor, (tx) =>
      listIntegrations(tx, { limit, cursor, ownerId }, this.clock.now()),
    );
    return { ...page, items: page.items.map((item) => asSeenBy(item, actor.partnerId)) };
  }

  private changeStatus(call: Call, integrationId: string, wanted: StatusWanted, version: number | undefined) {
    const action = wanted.status === 'active' ? 'integration_reactivated' : 'integration_deactivated';
    const { reason } = wanted;
    return this.command(call, integrationId, { action, reason, version }, (current) => {
      if (!current) throw notFound(`integration ${integrationId}`);
      return changeStatus(current, wanted, this.clock.now());
    });
  }

  private command(
    call: Call,
    integrationId: string,
    about: { action: string; reason: string | null | undefined; version: number | undefined },
    decide: (current: Integration | null) => Integration,
  ) {
    return runCommand(this.database, call, this.clock, async (tx) => {
      const { state, changed } = await makeChange(tx, call.actor, this.clock.now(), {
        subject: `integration|${integrationId}`,
        fact: integrationChanged.schema.shape.type.value,
        action: about.action,
        reason: about.reason ?? null,
        seenVersion: about.version,
        load: () => loadIntegration(tx, integrationId),
        decide: (current) => refusePast(() => decide(current)),
        save: async (_tx, next, current) => {
          await refuseUnknownOwners(tx, next);
          await saveIntegration(tx, next, current);
        },
      });
      if (changed) await publishStatus(tx, integrationId, this.clock.now());
      return { ...state, changed, warnings: [] };
    });
  }

  private instant(from: string | undefined): string {
    return (from === undefined ? this.clock.now() : new Date(from)).toISOString();
  }
}

function refusePast<Result>(decide: () => Result): Result {
  try {
    return decide();
  } catch (error) {
    if (error instanceof PastWouldChange) throw new Problem(409, 'past-would-change', error.message);
    throw error;
  }
}

async function refuseUnknownOwners(tx: EntityManager, integration: Integration): Promise<void> {
  const ids = [...new Set(integration.ownership.map((owner) => owner.partnerId))];
  const known = await tx.query<{ partner_id: string }[]>(
    'select partner_id from partner where partner_id = any($1)',
    [ids],
  );
  const unknown = ids.filter((id) => !known.some((row) => row.partner_id === id));
  if (unknown.length === 0) return;
  throw new Problem(422, 'unknown-partner', `there is no partner ${unknown.join(', ')}: create it first`);
}
