import { Controller, Inject, Res } from '@nestjs/common';
import { breachOpened, fields } from '@taxameter/contracts';
import {
  databaseOf,
  defineRoute,
  Input,
  notFound,
  Route,
  withActor,
  type Actor,
  type CallOf,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { readReport } from './read-report.service.js';
import { renderReport } from './report.pdf.js';
import { SECTIONS, type Report } from './report.js';

/** Gives the report of a case, as data and as PDF, to ops and to the partner whose case it is. */

const bilingual = z.object({ da: z.string(), en: z.string() });
const breach = breachOpened.schema.shape.data;

const report = breach
  .pick({ breachId: true, version: true, ruleId: true, policyVersion: true, severity: true, scope: true })
  .extend({
    asOf: fields.instant.describe('the newest thing that happened to the case, as far as you may see it'),
    title: bilingual,
    unit: z.string(),
    facts: z.array(z.object({ name: bilingual, value: bilingual })).describe('what was seen, line by line'),
    evidence: breach.shape.evidence,
    limit: z
      .number()
      .nullable()
      .describe('what each measurement can be held against; null where only their sum has a limit'),
    saving: z
      .object({ calls: z.int().min(1), inMinutes: z.int().min(1) })
      .nullable()
      .describe('calls that the advice avoids in the window measured; null where nothing can be computed'),
    deadline: fields.instant.nullable(),
    sections: z
      .array(z.object({ id: z.enum(SECTIONS), title: bilingual, paragraphs: z.array(bilingual) }))
      .describe('parts between backticks are code'),
  });

const params = z.object({ breachId: fields.identifier(64) });
const roles = ['ops', 'partner'] as const;

export const getReport = defineRoute({
  method: 'GET',
  path: '/v1/breaches/:breachId/report',
  summary:
    'A case as a report that can be acted on: what was seen, what to change, what it saves, what happens next',
  roles,
  params,
  responses: { 200: { description: 'The report, in Danish and English', schema: report } },
});

export const getReportPdf = defineRoute({
  method: 'GET',
  path: '/v1/breaches/:breachId/report.pdf',
  summary: 'The report of a case as PDF',
  description:
    'Drawn from the case when it is asked for; the same state of the case gives the same document.',
  roles,
  params,
  query: z.object({ language: z.enum(['da', 'en']).default('da') }),
  responses: { 200: { description: 'The document', contentType: 'application/pdf' } },
});

/** What is used of Fastify's reply: bytes are sent as they are, past Nest's serialisation. */
interface Reply {
  headers(values: Record<string, string>): Reply;
  send(bytes: Buffer): unknown;
}

@Controller()
export class ReportController {
  constructor(@Inject(databaseOf('fair-use')) private readonly database: DataSource) {}

  @Route(getReport)
  async report(@Input() { params: { breachId }, actor }: CallOf<typeof getReport>) {
    const { facts, sections, evidence, ...rest } = await this.read(breachId, actor);
    return {
      ...rest,
      evidence: [...evidence],
      facts: [...facts],
      sections: sections.map((section) => ({ ...section, paragraphs: [...section.paragraphs] })),
    };
  }

  @Route(getReportPdf)
  async pdf(@Input() call: CallOf<typeof getReportPdf>, @Res() reply: Reply): Promise<void> {
    const { language } = call.query;
    const found = await this.read(call.params.breachId, call.actor);
    // After the transaction: no connection waits while a document is drawn.
    const bytes = await renderReport(found, language);
    const name = `${language === 'da' ? 'sag' : 'case'}-${found.breachId.replaceAll(/[^\w-]/g, '_')}.pdf`;
    reply.headers({
      'content-type': 'application/pdf',
      'content-disposition': `attachment; filename="${name}"`,
      'cache-control': 'private, no-cache',
      'x-content-type-options': 'nosniff',
    });
    reply.send(Buffer.from(bytes));
  }

  private async read(breachId: string, actor: Actor): Promise<Report> {
    const found = await withActor(this.database, actor, (tx) => readReport(tx, breachId));
    if (!found) throw notFound(`breach ${breachId}`);
    return found;
  }
}
