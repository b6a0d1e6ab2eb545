import { Controller, Inject } from '@nestjs/common';
import { agreementChanged, fields } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Route,
  databaseOf,
  defineRoute,
  notFound,
  runCommand,
  withActor,
  type Actor,
  type CallOf,
  type Clock,
  pageOf,
  pageQuery,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { z } from 'zod';
import { makeChange } from '../change/change.service.js';
import { commandAnswer, commandFields } from '../change/command-body.js';
import { ownerAt } from '../integration/integration.js';
import { loadIntegration } from '../integration/integration.service.js';
import { agreementDetails, agreementState, knownAgreement } from './agreement.js';
import { listAgreements, loadAgreement, loadKnownAgreement, saveAgreement } from './agreement.service.js';

/** Agreements over HTTP, under their integration. */

const integrationParams = z.object({ integrationId: fields.identifier(100) });
const params = integrationParams.extend({ organizationId: fields.identifier(64) });

export const putAgreement = defineRoute({
  method: 'PUT',
  path: '/v1/integrations/:integrationId/agreements/:organizationId',
  summary: 'Records an agreement, or changes its name or status',
  roles: ['ops'],
  params,
  body: z.strictObject({ ...agreementDetails, ...commandFields }),
  command: true,
  responses: {
    200: { description: 'The agreement as it now is', schema: agreementState.extend(commandAnswer) },
  },
});

export const getAgreement = defineRoute({
  method: 'GET',
  path: '/v1/integrations/:integrationId/agreements/:organizationId',
  summary: 'One agreement',
  roles: ['ops', 'finance', 'partner'],
  params,
  responses: { 200: { description: 'The agreement', schema: knownAgreement } },
});

export const getAgreements = defineRoute({
  method: 'GET',
  path: '/v1/integrations/:integrationId/agreements',
  summary: 'Agreements of an integration, by organisation',
  roles: ['ops', 'finance', 'partner'],
  params: integrationParams,
  query: z.object(pageQuery),
  responses: { 200: { description: 'A page of agreements', schema: pageOf(knownAgreement) } },
});

@Controller()
export class AgreementController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(putAgreement)
  put(@Input() call: CallOf<typeof putAgreement>) {
    const { integrationId, organizationId } = call.params;
    const { version: seenVersion, reason, ...details } = call.body;
    return runCommand(this.database, call, this.clock, async (tx) => {
      const { state, changed } = await makeChange(tx, call.actor, this.clock.now(), {
        subject: `agreement|${integrationId}|${organizationId}`,
        fact: agreementChanged.schema.shape.type.value,
        action: 'agreement_changed',
        reason: reason ?? null,
        seenVersion,
        load: () => loadAgreement(tx, integrationId, organizationId),
        decide: () => ({ integrationId, organizationId, version: 0, ...details }),
        save: async (_tx, next) => {
          await this.refuseHidden(tx, call.actor, integrationId);
          await saveAgreement(tx, next);
        },
      });
      return { ...state, changed, warnings: [] };
    });
  }

  @Route(getAgreement)
  one(@Input() { params: { integrationId, organizationId }, actor }: CallOf<typeof getAgreement>) {
    return withActor(this.database, actor, async (tx) => {
      await this.refuseHidden(tx, actor, integrationId);
      const agreement = await loadKnownAgreement(tx, integrationId, organizationId);
      if (!agreement) throw notFound(`agreement ${organizationId} of integration ${integrationId}`);
      return agreement;
    });
  }

  @Route(getAgreements)
  list(@Input() { params: { integrationId }, query, actor }: CallOf<typeof getAgreements>) {
    return withActor(this.database, actor, async (tx) => {
      await this.refuseHidden(tx, actor, integrationId);
      return listAgreements(tx, integrationId, query);
    });
  }

  /** A former owner must not read the customers that the integration serves today. */
  private async refuseHidden(tx: EntityManager, actor: Actor, integrationId: string): Promise<void> {
    const found = await loadIntegration(tx, integrationId);
    const isForeign =
      found && actor.role === 'partner' && ownerAt(found, this.clock.now()) !== actor.partnerId;
    if (!found || isForeign) throw notFound(`integration ${integrationId}`);
  }
}
