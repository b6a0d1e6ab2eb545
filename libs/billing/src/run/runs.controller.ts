import { Controller, Inject } from '@nestjs/common';
import { fields } from '@taxameter/contracts';
import {
  Input,
  Route,
  databaseOf,
  defineRoute,
  withActor,
  cutPage,
  pageOf,
  pageQuery,
} from '@taxameter/platform';
import type { CallOf, Page } from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { z } from 'zod';
import { Issuing } from '../issue/issuing.service.js';
import { runDetail, runSummary } from './run-answers.js';
import type { RunSummary, RunView } from './run-answers.js';
import { listRuns, readRun } from './run-view.service.js';
import { BillingRuns } from './runs.service.js';

const params = z.object({ runId: fields.identifier(64) });
const conflict = { description: 'The run is in another state; `detail` says what to do' };
const unknown = { description: 'No such run' };
const run = { description: 'The run as it is now', schema: runDetail };

export const postRun = defineRoute({
  method: 'POST',
  path: '/v1/billing/runs',
  summary: 'Preview a quarter as a billing run',
  description:
    'One run per quarter. A completed quarter is answered as it stands; ' +
    'one with parked partners is previewed again for these.',
  roles: ['finance'],
  body: z.object({
    quarter: fields.quarterName,
    override: z
      .object({ reason: fields.text(500) })
      .optional()
      .describe('runs a quarter whose grace period is not over; kept in the audit'),
  }),
  command: true,
  responses: { 200: run, 409: { description: 'The quarter is not closed, or has a run under way' } },
});

export const getRuns = defineRoute({
  method: 'GET',
  path: '/v1/billing/runs',
  summary: 'Billing runs, newest first',
  roles: ['finance'],
  query: z.object({
    quarter: fields.quarterName.optional(),
    ...pageQuery,
  }),
  responses: {
    200: {
      description: 'A page',
      schema: pageOf(runSummary),
    },
  },
});

export const getRun = defineRoute({
  method: 'GET',
  path: '/v1/billing/runs/:runId',
  summary: 'One billing run: totals, every partner, everything held',
  roles: ['finance'],
  params,
  responses: { 200: run, 404: unknown },
});

export const approveRun = defineRoute({
  method: 'POST',
  path: '/v1/billing/runs/:runId/approve',
  summary: 'Approve the preview; fixes issue date and due date',
  roles: ['finance'],
  params,
  command: true,
  responses: {
    200: run,
    404: unknown,
    409: { description: 'Not a draft, or master data, SMS or settings changed since the preview' },
  },
});

export const issueRun = defineRoute({
  method: 'POST',
  path: '/v1/billing/runs/:runId/issue',
  summary: 'Issue the approved invoices in the background',
  description: 'Answers at once; the run is `issuing` until each partner has its invoice or a failure.',
  roles: ['finance'],
  params,
  command: true,
  responses: { 200: run, 404: unknown, 409: conflict },
});

export const cancelRun = defineRoute({
  method: 'POST',
  path: '/v1/billing/runs/:runId/cancel',
  summary: 'Give up a draft, so that the quarter can be previewed again',
  roles: ['finance'],
  params,
  command: true,
  responses: { 200: run, 404: unknown, 409: conflict },
});

@Controller()
export class RunsController {
  constructor(
    @Inject(databaseOf('billing')) private readonly database: DataSource,
    @Inject(BillingRuns) private readonly runs: BillingRuns,
    @Inject(Issuing) private readonly issuing: Issuing,
  ) {}

  @Route(postRun)
  async create(@Input() call: CallOf<typeof postRun>): Promise<RunView> {
    return this.runs.create(call, call.body.quarter, call.body.override?.reason ?? null);
  }

  @Route(getRuns)
  async list(@Input() { query, actor }: CallOf<typeof getRuns>): Promise<Page<RunSummary>> {
    const { quarter = null, cursor = null, limit } = query;
    const found = await withActor(this.database, actor, (tx) =>
      listRuns(tx, { quarter, before: cursor, limit: limit + 1 }),
    );
    return cutPage(found, limit, (run) => run.runId);
  }

  @Route(getRun)
  async one(@Input() { params: { runId }, actor }: CallOf<typeof getRun>): Promise<RunView> {
    return withActor(this.database, actor, (tx) => readRun(tx, runId));
  }

  @Route(approveRun)
  async approve(@Input() call: CallOf<typeof approveRun>): Promise<RunView> {
    return this.runs.approve(call, call.params.runId);
  }

  @Route(issueRun)
  async issue(@Input() call: CallOf<typeof issueRun>): Promise<RunView> {
    const view = await this.runs.issue(call, call.params.runId);
    this.issuing.wake();
    return view;
  }

  @Route(cancelRun)
  async cancel(@Input() call: CallOf<typeof cancelRun>): Promise<RunView> {
    return this.runs.cancel(call, call.params.runId);
  }
}
