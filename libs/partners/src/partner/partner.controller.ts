import { Controller, Inject } from '@nestjs/common';
import { fields, partnerChanged } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Route,
  databaseOf,
  defineRoute,
  newId,
  notFound,
  runCommand,
  withActor,
  type Call,
  type CallOf,
  type Clock,
  pageOf,
  pageQuery,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { makeChange } from '../change/change.service.js';
import { commandAnswer, commandFields } from '../change/command-body.js';
import { partnerDetails, partnerState, partnerWarnings } from './partner.js';
import { listPartners, loadPartner, savePartner } from './partner.service.js';

/** Partners over HTTP. */

const params = z.object({ partnerId: fields.identifier(64) });
const body = z.strictObject({ ...partnerDetails, ...commandFields });
const answer = partnerState.extend(commandAnswer);

export const putPartner = defineRoute({
  method: 'PUT',
  path: '/v1/partners/:partnerId',
  summary: 'Creates a partner under an id of your own, or replaces its master data',
  roles: ['ops', 'finance'],
  params,
  body,
  command: true,
  responses: { 200: { description: 'The partner as it now is', schema: answer } },
});

export const postPartner = defineRoute({
  method: 'POST',
  path: '/v1/partners',
  summary: 'Creates a partner and gives it an id',
  roles: ['ops', 'finance'],
  body: z.strictObject({ ...partnerDetails, reason: commandFields.reason }),
  command: true,
  responses: { 201: { description: 'The new partner', schema: answer } },
});

export const getPartner = defineRoute({
  method: 'GET',
  path: '/v1/partners/:partnerId',
  summary: 'One partner',
  roles: ['ops', 'finance', 'partner'],
  params,
  responses: { 200: { description: 'The partner', schema: partnerState } },
});

export const getPartners = defineRoute({
  method: 'GET',
  path: '/v1/partners',
  summary: 'Partners, by id',
  roles: ['ops', 'finance', 'partner'],
  query: z.object(pageQuery),
  responses: { 200: { description: 'A page of partners', schema: pageOf(partnerState) } },
});

@Controller()
export class PartnerController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(putPartner)
  put(@Input() call: CallOf<typeof putPartner>) {
    return this.record(call, call.params.partnerId, call.body);
  }

  @Route(postPartner)
  post(@Input() call: CallOf<typeof postPartner>) {
    return this.record(call, newId('partner', this.clock), call.body);
  }

  @Route(getPartner)
  async one(@Input() { params: { partnerId }, actor }: CallOf<typeof getPartner>) {
    const partner = await withActor(this.database, actor, (tx) => loadPartner(tx, partnerId));
    if (!partner) throw notFound(`partner ${partnerId}`);
    return partner;
  }

  @Route(getPartners)
  list(@Input() { query, actor }: CallOf<typeof getPartners>) {
    return withActor(this.database, actor, (tx) => listPartners(tx, query));
  }

  private record(call: Call, partnerId: string, wanted: z.output<typeof body>) {
    const { version: seenVersion, reason, ...details } = wanted;
    return runCommand(this.database, call, this.clock, async (tx) => {
      const { state, changed } = await makeChange(tx, call.actor, this.clock.now(), {
        subject: `partner|${partnerId}`,
        fact: partnerChanged.schema.shape.type.value,
        action: 'partner_changed',
        reason: reason ?? null,
        seenVersion,
        load: () => loadPartner(tx, partnerId),
        decide: () => ({ partnerId, version: 0, ...details }),
        save: savePartner,
      });
      return { ...state, changed, warnings: partnerWarnings(state) };
    });
  }
}
