import { Controller, Inject } from '@nestjs/common';
import { fields, type Integration } from '@taxameter/contracts';
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
import { refuseAlone, TWO_PERSONS, type TwoPersons } from '../approval/two-persons.service.js';
import { lockSubjects } from '../change/change.service.js';
import { commandAnswer, commandFields } from '../change/command-body.js';
import { recordPersonal } from '../billing-party/record-personal.service.js';
import { changeIntegration, changeStatusOf } from './change-integration.service.js';
import {
  asSeenBy,
  integrationDetails,
  integrationState,
  ownerAt,
  recordIntegration,
  type StatusWanted,
} from './integration.js';
import { listIntegrations, loadIntegration } from './integration.service.js';

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
  body: z.strictObject({
    ...integrationDetails,
    partnerId: integrationDetails.partnerId.optional().describe('the owner; or give `organizationId`'),
    organizationId: fields
      .identifier(64)
      .optional()
      .describe('for a personal integration: the organisation it was made for, whose billing party owns it'),
    from: fields.instant.optional(),
    ...commandFields,
  }),
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
    @Inject(TWO_PERSONS) private readonly twoPersons: TwoPersons,
  ) {}

  @Route(putIntegration)
  put(@Input() call: CallOf<typeof putIntegration>) {
    const { integrationId } = call.params;
    const { version, reason, name, kind, partnerId, organizationId, from } = call.body;
    // Before the integration, as who changes the payer does: else one of the two would not see the other.
    const lockFirst = organizationId === undefined ? [] : [`organization|${organizationId}`];
    const about = { action: 'integration_changed', reason, version, lockFirst };
    return this.command(call, integrationId, about, async (current, tx) => {
      const now = this.clock.now();
      const wanted = { integrationId, name, kind, from };
      if (organizationId !== undefined) {
        refuseBothOwners(kind, partnerId);
        return recordPersonal(tx, current, { ...wanted, organizationId }, now);
      }
      if (partnerId === undefined)
        throw unsaid('partnerId', 'give the owner, or the organisation it follows from');
      return recordIntegration(current, { ...wanted, partnerId, organizationId: null }, now);
    });
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
    const what = wanted.status === 'active' ? 'a reactivation' : 'a deactivation';
    refuseAlone(this.twoPersons, what, 'integrationId');
    return runCommand(this.database, call, this.clock, async (tx) => {
      const now = this.clock.now();
      const { state, changed } = await changeStatusOf(tx, call.actor, now, integrationId, wanted, version);
      return { ...state, changed, warnings: [] };
    });
  }

  private command(
    call: Call,
    integrationId: string,
    about: {
      readonly action: string;
      readonly reason: string | null | undefined;
      readonly version: number | undefined;
      readonly lockFirst?: readonly string[];
    },
    decide: (current: Integration | null, tx: EntityManager) => Integration | Promise<Integration>,
  ) {
    return runCommand(this.database, call, this.clock, async (tx) => {
      await lockSubjects(tx, about.lockFirst ?? []);
      const { state, changed } = await changeIntegration(tx, call.actor, this.clock.now(), {
        integrationId,
        action: about.action,
        reason: about.reason ?? null,
        seenVersion: about.version,
        decide: (current) => decide(current, tx),
      });
      return { ...state, changed, warnings: [] };
    });
  }

  private instant(from: string | undefined): string {
    return (from === undefined ? this.clock.now() : new Date(from)).toISOString();
  }
}

function refuseBothOwners(kind: Integration['kind'], partnerId: string | undefined): void {
  if (kind !== 'personal')
    throw unsaid('organizationId', 'only a personal integration is made for an organisation');
  if (partnerId !== undefined)
    throw unsaid('partnerId', 'the owner follows from the organisation: leave it out');
}

function unsaid(field: string, reason: string): Problem {
  return new Problem(422, 'owner-unclear', `${field}: ${reason}`, { errors: [{ field, reason }] });
}
