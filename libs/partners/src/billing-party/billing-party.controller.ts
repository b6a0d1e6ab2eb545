import { Controller, Inject } from '@nestjs/common';
import { fields, integrationChanged } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Problem,
  Route,
  databaseOf,
  defineRoute,
  notFound,
  pageOf,
  pageQuery,
  runCommand,
  withActor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { makeChange } from '../change/change.service.js';
import { commandFields } from '../change/command-body.js';
import { changeIntegration, refusePast } from '../integration/change-integration.service.js';
import { inForceAt } from '../integration/history.js';
import { asSeenBy, handOver, ownerAt, recordIntegration } from '../integration/integration.js';
import { integrationsOfOrganization, loadIntegration } from '../integration/integration.service.js';
import { loadPartner } from '../partner/partner.service.js';
import { loadObserved } from '../review/observed.service.js';
import { payFrom, type Organization } from './billing-party.js';
import { listUnassigned, loadOrganization, saveOrganization } from './billing-party.service.js';

/** Who pays, over HTTP: of an integration, of an organisation, and of integrations that nobody has recorded. */

const instant = fields.instant;
const owner = z.object({ partnerId: z.string(), from: instant });
const organizationParams = z.object({ organizationId: fields.identifier(64) });
const integrationParams = z.object({ integrationId: fields.identifier(100) });
const organization = z.object({
  organizationId: z.string(),
  version: z.int(),
  payers: z.array(owner).describe('who pays from when on'),
});
const reason = fields.text(500);

export const putOrganizationPayer = defineRoute({
  method: 'PUT',
  path: '/v1/organizations/:organizationId/billing-party',
  summary: 'Says who pays for an organisation: the owner of the personal integrations made for it',
  description: 'They change owner in the same transaction. What has taken effect is never changed: 409.',
  roles: ['ops', 'finance'],
  params: organizationParams,
  body: z.strictObject({
    partnerId: fields.identifier(64),
    from: instant.optional().describe('default: now'),
    reason,
    version: commandFields.version,
  }),
  command: true,
  responses: {
    200: {
      description: 'The organisation, and the integrations that follow it',
      schema: organization.extend({ changed: z.boolean(), integrationIds: z.array(z.string()) }),
    },
  },
});

export const getOrganizationPayer = defineRoute({
  method: 'GET',
  path: '/v1/organizations/:organizationId/billing-party',
  summary: 'Who pays for an organisation, since when',
  roles: ['ops', 'finance'],
  params: organizationParams,
  responses: { 200: { description: 'The organisation', schema: organization } },
});

export const getBillingParty = defineRoute({
  method: 'GET',
  path: '/v1/integrations/:integrationId/billing-party',
  summary: 'Who pays for what an integration sends at an instant',
  roles: ['ops', 'finance', 'partner'],
  params: integrationParams,
  query: z.object({ at: instant.optional().describe('default: now') }),
  responses: {
    200: {
      description: 'The billing party',
      schema: z.object({
        integrationId: z.string(),
        at: instant,
        partnerId: z.string().nullable().describe('null: nobody; its SMS are held and listed'),
        since: instant.nullable(),
        derivedFrom: z.enum(['integration', 'organization']),
        organizationId: z.string().nullable(),
      }),
    },
  },
});

export const getUnassigned = defineRoute({
  method: 'GET',
  path: '/v1/integrations-without-billing-party',
  summary: 'Integrations that call the API and that nobody has recorded, by id',
  description: 'Their SMS are held. Give each a billing party here, or decide the held SMS in billing.',
  roles: ['ops', 'finance'],
  query: z.object(pageQuery),
  responses: {
    200: {
      description: 'A page of integrations',
      schema: pageOf(
        z.object({
          integrationId: z.string(),
          kind: z.enum(['public', 'personal', 'unknown']).describe('what most of its calls say'),
          calls: z.int().describe('of the latest 28 days'),
          smsCalls: z.int().describe('calls by which an SMS was accepted'),
          firstSeenAt: instant,
          lastSeenAt: instant,
          organizationIds: z.array(z.string()).describe('the first ten for which it was seen to act'),
        }),
      ),
    },
  },
});

export const assignIntegration = defineRoute({
  method: 'POST',
  path: '/v1/integrations-without-billing-party/:integrationId/assign',
  summary: 'Gives an integration that nobody has recorded a billing party, from its first call on',
  roles: ['ops', 'finance'],
  params: integrationParams,
  body: z.strictObject({
    partnerId: fields.identifier(64),
    name: integrationChanged.schema.shape.data.shape.name.optional().describe('default: its client id'),
    from: instant.optional().describe('default: its first call'),
    reason,
  }),
  command: true,
  responses: {
    201: { description: 'The integration', schema: integrationChanged.schema.shape.data },
  },
});

@Controller()
export class BillingPartyController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(putOrganizationPayer)
  pay(@Input() call: CallOf<typeof putOrganizationPayer>) {
    const { organizationId } = call.params;
    const { partnerId, from, reason, version: seenVersion } = call.body;
    const now = this.clock.now();
    const payer = { partnerId, from: (from === undefined ? now : new Date(from)).toISOString() };
    return runCommand(this.database, call, this.clock, async (tx) => {
      if (!(await loadPartner(tx, partnerId))) throw unknownPartner(partnerId);
      const { state, changed } = await makeChange<Organization>(tx, call.actor, now, {
        subject: `organization|${organizationId}`,
        // Billing learns of it by the facts of the integrations whose owner follows.
        fact: () => Promise.resolve(),
        action: 'organization_payer_changed',
        reason,
        seenVersion,
        load: () => loadOrganization(tx, organizationId),
        decide: (current) =>
          refusePast(() => payFrom(current ?? { organizationId, version: 0, payers: [] }, payer, now)),
        save: saveOrganization,
      });
      const integrationIds = await integrationsOfOrganization(tx, organizationId);
      for (const integrationId of integrationIds) {
        await changeIntegration(tx, call.actor, now, {
          integrationId,
          action: 'integration_changed',
          reason,
          seenVersion: undefined,
          decide: (current) => {
            if (!current) throw notFound(`integration ${integrationId}`);
            return handOver(current, payer, now);
          },
        });
      }
      return { ...state, changed, integrationIds };
    });
  }

  @Route(getOrganizationPayer)
  payers(@Input() { params: { organizationId }, actor }: CallOf<typeof getOrganizationPayer>) {
    return withActor(this.database, actor, async (tx) => {
      const found = await loadOrganization(tx, organizationId);
      if (!found) throw notFound(`billing party of organisation ${organizationId}`);
      return found;
    });
  }

  @Route(getBillingParty)
  of(@Input() { params: { integrationId }, query, actor }: CallOf<typeof getBillingParty>) {
    return withActor(this.database, actor, async (tx) => {
      const now = this.clock.now();
      const found = await loadIntegration(tx, integrationId);
      const isForeign = found && actor.role === 'partner' && ownerAt(found, now) !== actor.partnerId;
      if (!found || isForeign) throw notFound(`integration ${integrationId}`);
      const at = query.at === undefined ? now : new Date(query.at);
      const party = inForceAt(asSeenBy(found, actor.partnerId).ownership, at);
      const organizationId = found.organizationId ?? null;
      return {
        integrationId,
        at: at.toISOString(),
        partnerId: party?.partnerId ?? null,
        since: party?.from ?? null,
        derivedFrom: organizationId === null ? 'integration' : 'organization',
        organizationId,
      };
    });
  }

  @Route(getUnassigned)
  unassigned(@Input() { query, actor }: CallOf<typeof getUnassigned>) {
    return withActor(this.database, actor, (tx) => listUnassigned(tx, query));
  }

  @Route(assignIntegration)
  assign(@Input() call: CallOf<typeof assignIntegration>) {
    const { integrationId } = call.params;
    const { partnerId, name = integrationId, from, reason } = call.body;
    const now = this.clock.now();
    return runCommand(this.database, call, this.clock, async (tx) => {
      const seen = await loadObserved(tx, integrationId);
      if (!seen) throw notFound(`integration ${integrationId} without a billing party`);
      const { state } = await changeIntegration(tx, call.actor, now, {
        integrationId,
        action: 'integration_changed',
        reason,
        seenVersion: 0,
        decide: () => {
          const kind = seen.kind === 'personal' ? 'personal' : 'public';
          const wanted = { integrationId, name, kind, partnerId, from: from ?? seen.firstSeenAt } as const;
          return recordIntegration(null, wanted, now);
        },
      });
      return state;
    });
  }
}

function unknownPartner(partnerId: string): Problem {
  const reason = `there is no partner ${partnerId}: create it first`;
  return new Problem(422, 'unknown-partner', reason, { errors: [{ field: 'partnerId', reason }] });
}
