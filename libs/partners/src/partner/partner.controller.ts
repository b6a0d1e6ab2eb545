import { Controller, Inject } from '@nestjs/common';
import { fields, partnerChanged } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Route,
  databaseOf,
  defineRoute,
  invalidInput,
  newId,
  notFound,
  runCommand,
  wantsCsv,
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
import { commandAnswer, commandFields, type CommandFields } from '../change/command-body.js';
import { openPartnerExport } from '../partner-import/partner-export.service.js';
import {
  invoiceDetails,
  partnerDetails,
  partnerState,
  partnerWarnings,
  type PartnerDetails,
  type PartnerState,
} from './partner.js';
import { acceptable, listPartners, loadPartner, savePartner } from './partner.service.js';
import { listVersions, loadPartnerAt } from './partner-versions.service.js';

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

export const putInvoiceDetails = defineRoute({
  method: 'PUT',
  path: '/v1/partners/:partnerId/invoice-details',
  summary: 'Replaces what a partner decides itself about its invoices',
  description:
    'Where they are mailed, and the order number and reference that they carry; what is left out is no longer known. Name, numbers, address ' +
    "and delivery are not the partner's to change.",
  roles: ['ops', 'finance', 'partner'],
  params,
  body: z.strictObject({ ...invoiceDetails, ...commandFields }),
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
  summary: 'One partner, as it is or as it was',
  roles: ['ops', 'finance', 'partner'],
  params,
  query: z.object({
    at: fields.instant
      .optional()
      .describe('as it was at this instant; 404 when there was no such partner yet'),
  }),
  responses: { 200: { description: 'The partner', schema: partnerState } },
});

const versionItem = z.object({
  version: z.int().min(1),
  from: z.iso.datetime().describe('it held from here on, this instant included'),
  to: z.iso
    .datetime()
    .nullable()
    .describe('it held up to here, this instant not included; null: it still holds'),
  actor: z.object({ id: z.string().nullable(), role: z.string() }).describe('id is null for a partner'),
  reason: z.string().nullable().describe('null for a partner'),
  partner: partnerState,
});

export const getPartnerVersions = defineRoute({
  method: 'GET',
  path: '/v1/partners/:partnerId/versions',
  summary: 'What was true of a partner when, newest first',
  roles: ['ops', 'finance', 'partner'],
  params,
  query: z.object({
    ...pageQuery,
    cursor: z
      .string()
      .regex(/^\d{1,9}$/, 'is not a nextCursor')
      .optional()
      .describe('nextCursor of the page before'),
  }),
  responses: { 200: { description: 'A page of versions', schema: pageOf(versionItem) } },
});

export const getPartners = defineRoute({
  method: 'GET',
  path: '/v1/partners',
  summary: 'Partners, by id',
  description:
    'As CSV all come at once, as `taxameter partners import` takes them. Text that a spreadsheet would take for a formula begins with ' +
    'an apostrophe.',
  roles: ['ops', 'finance', 'partner'],
  query: z.object({
    ...pageQuery,
    format: z
      .enum(['json', 'csv'])
      .optional()
      .describe('csv: all of them as RFC 4180; else what Accept names, application/json or text/csv'),
  }),
  responses: {
    200: { description: 'A page of partners', schema: pageOf(partnerState), alsoAs: ['text/csv'] },
  },
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

  @Route(putInvoiceDetails)
  putInvoiceDetails(@Input() call: CallOf<typeof putInvoiceDetails>) {
    const { version, reason, ...details } = call.body;
    return this.change(call, call.params.partnerId, { version, reason }, (current) => {
      // A partner that asks for another one, and anybody who asks for one that is not there.
      if (!current) throw notFound(`partner ${call.params.partnerId}`);
      return { ...current, ...details };
    });
  }

  @Route(getPartner)
  async one(@Input() { params: { partnerId }, query: { at }, actor }: CallOf<typeof getPartner>) {
    const partner = await withActor(this.database, actor, (tx) =>
      at === undefined ? loadPartner(tx, partnerId) : loadPartnerAt(tx, partnerId, new Date(at)),
    );
    if (!partner) throw notFound(`partner ${partnerId}${at === undefined ? '' : ` at ${at}`}`);
    return partner;
  }

  @Route(getPartnerVersions)
  versions(@Input() { params: { partnerId }, query, actor }: CallOf<typeof getPartnerVersions>) {
    const before = query.cursor === undefined ? undefined : Number(query.cursor);
    return withActor(this.database, actor, async (tx) => {
      if (!(await loadPartner(tx, partnerId))) throw notFound(`partner ${partnerId}`);
      const withNames = actor.role !== 'partner';
      return listVersions(tx, partnerId, { limit: query.limit, before, withNames });
    });
  }

  @Route(getPartners)
  async list(@Input() { query, actor, request }: CallOf<typeof getPartners>) {
    if (query.format === 'csv' || (query.format === undefined && wantsCsv(request.headers.accept))) {
      if (query.cursor !== undefined) {
        const reason = 'cannot stand beside CSV, which has all pages: leave it out';
        throw invalidInput([{ field: 'query.cursor', reason }]);
      }
      return openPartnerExport(this.database, actor);
    }
    return withActor(this.database, actor, (tx) => listPartners(tx, query));
  }

  private record(call: Call, partnerId: string, wanted: z.output<typeof body>) {
    const { version, reason, ...details } = wanted;
    return this.change(call, partnerId, { version, reason }, () => details);
  }

  private change(
    call: Call,
    partnerId: string,
    { version: seenVersion, reason }: CommandFields,
    decide: (current: PartnerState | null) => PartnerDetails,
  ) {
    return runCommand(this.database, call, this.clock, async (tx) => {
      const { state, changed } = await makeChange(tx, call.actor, this.clock.now(), {
        subject: `partner|${partnerId}`,
        fact: partnerChanged.schema.shape.type.value,
        action: 'partner_changed',
        reason: reason ?? null,
        seenVersion,
        load: () => loadPartner(tx, partnerId),
        decide: (current) => acceptable({ partnerId, version: 0, ...decide(current) }, current),
        save: savePartner,
      });
      return { ...state, changed, warnings: partnerWarnings(state) };
    });
  }
}
