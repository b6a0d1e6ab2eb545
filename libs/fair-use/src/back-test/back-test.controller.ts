import { Controller, Inject } from '@nestjs/common';
import { copenhagenTime, startOfCopenhagenDay } from '@taxameter/contracts';
import {
  CLOCK,
  databaseOf,
  Input,
  newId,
  notFound,
  Problem,
  Route,
  runCommand,
  withActor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { minuteOf, minuteStart } from '../signals/minute.js';
import {
  getBackTest,
  getBackTestCases,
  getBackTestNotices,
  getBackTests,
  postBackTest,
  postCancelBackTest,
  type BackTestShown,
  type ComparedCaseShown,
  type NoticeShown,
} from './back-test-routes.js';
import {
  addBackTest,
  finishBackTest,
  hitBy,
  listBackTestCases,
  listBackTests,
  listHits,
  readBackTest,
  summaryOf,
  type BackTest,
  type CaseRow,
} from './back-test-store.service.js';
import { BackTester } from './back-tester.service.js';
import type { HistoricCase } from './historic-cases.js';
import { hitsByRule, noticeText } from './notice.js';
import { candidateOf, documentInForce } from './policies-under.service.js';

const LONGEST_DAYS = 400;

/** Tries policies on the past, over HTTP. */
@Controller()
export class BackTestController {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(BackTester) private readonly backTester: BackTester,
  ) {}

  @Route(postBackTest)
  async start(@Input() call: CallOf<typeof postBackTest>) {
    const answer = await runCommand(this.database, call, this.clock, async (tx) => {
      const { from, to } = rangeOf(call.body, this.clock.now());
      await refuseEmpty(tx, from, to);
      const backTestId = newId('backTest', this.clock);
      await addBackTest(tx, {
        ...{ backTestId, from, to, createdAt: this.clock.now(), createdBy: call.actor.id },
        candidate: await candidateOf(tx, call.body, this.clock.now()),
        today: await documentInForce(tx, this.clock.now()),
      });
      return shown((await readBackTest(tx, backTestId))!);
    });
    this.backTester.wake();
    return answer;
  }

  @Route(getBackTests)
  async list(@Input() { actor }: CallOf<typeof getBackTests>) {
    return withActor(this.database, actor, async (tx) => ({ items: (await listBackTests(tx)).map(shown) }));
  }

  @Route(getBackTest)
  async read(@Input() { actor, params }: CallOf<typeof getBackTest>) {
    return withActor(this.database, actor, async (tx) => ({
      ...shown(await present(tx, params.backTestId)),
      summary: await summaryOf(tx, params.backTestId),
      hit: await hitBy(tx, params.backTestId),
    }));
  }

  @Route(getBackTestCases)
  async cases(@Input() { actor, params, query }: CallOf<typeof getBackTestCases>) {
    return withActor(this.database, actor, async (tx) => {
      await present(tx, params.backTestId);
      const page = await listBackTestCases(tx, params.backTestId, { ...query, change: query.change });
      return { ...page, items: page.items.map(shownCase) };
    });
  }

  @Route(getBackTestNotices)
  async notices(@Input() { actor, params, query }: CallOf<typeof getBackTestNotices>) {
    const { backTestId } = params;
    return withActor(this.database, actor, async (tx) => {
      const { state, candidate, today } = await present(tx, backTestId);
      if (state !== 'done') {
        throw new Problem(409, 'not-done', `the back-test is ${state}: who is hit is known when it is done`);
      }
      const effectiveFrom = query.effectiveFrom ?? dayAfterNotice(this.clock.now());
      const page = await listHits(tx, backTestId, query);
      const items = page.items.map(({ integrationId, cases }): NoticeShown => {
        const hits = hitsByRule(cases);
        return {
          integrationId,
          rules: hits.map(({ worst, ...hit }) => ({ ...hit, worst: shownCase(worst) })),
          message: noticeText({ integrationId, hits, candidate, today, effectiveFrom }),
        };
      });
      return { ...page, items };
    });
  }

  @Route(postCancelBackTest)
  async cancel(@Input() call: CallOf<typeof postCancelBackTest>) {
    return runCommand(this.database, call, this.clock, async (tx) => {
      const { backTestId } = call.params;
      await tx.query('select from back_test where back_test_id = $1 for update', [backTestId]);
      const { state } = await present(tx, backTestId);
      if (state === 'queued' || state === 'running') {
        await finishBackTest(tx, backTestId, 'cancelled', this.clock.now());
      }
      return shown(await present(tx, backTestId));
    });
  }
}

/** The first midnight in Copenhagen that leaves thirty days. */
function dayAfterNotice(now: Date): string {
  const { year, month, day } = copenhagenTime(now);
  const date = new Date(Date.UTC(year, month - 1, day + 31));
  return startOfCopenhagenDay(date.getUTCFullYear(), date.getUTCMonth() + 1, date.getUTCDate()).toISOString();
}

/** Whole minutes, the last one not begun yet left out. @throws Problem 422 */
function rangeOf(wanted: { readonly from: string; readonly to: string }, now: Date) {
  const refuse = (field: string, rule: string, reason: string): never => {
    throw new Problem(422, rule, `${field} ${reason}`, { errors: [{ field, rule, reason }] });
  };
  const [from, to] = [
    new Date(minuteStart(minuteOf(wanted.from))),
    new Date(minuteStart(minuteOf(wanted.to))),
  ];
  if (to <= from) refuse('to', 'ends-before-it-starts', 'must be after `from`, by a minute at least');
  if (to > now)
    refuse('to', 'in-the-future', 'is in the future: a back-test looks at what was called already');
  if (to.getTime() - from.getTime() > LONGEST_DAYS * 86_400_000) {
    refuse('from', 'too-long', `is more than ${LONGEST_DAYS} days before \`to\``);
  }
  return { from, to };
}

/** @throws Problem 422 when there is nothing to try the policy on */
async function refuseEmpty(tx: EntityManager, from: Date, to: Date): Promise<void> {
  const [{ hasAny, oldest }] = await tx.query<[{ hasAny: boolean; oldest: number | null }]>(
    `select exists (select from signal_pair_hour where minute >= $1 and minute < $2 + 60) as "hasAny",
            (select min(minute) from signal_pair_hour) as oldest`,
    [minuteOf(from.toISOString()), minuteOf(to.toISOString())],
  );
  if (hasAny) return;
  const since = oldest === null ? 'there is none at all' : `there is some since ${minuteStart(oldest - 59)}`;
  const reason = `there is no data of this time: ${since}`;
  throw new Problem(422, 'no-data', reason, { errors: [{ field: 'from', rule: 'no-data', reason }] });
}

async function present(tx: EntityManager, backTestId: string): Promise<BackTest> {
  const backTest = await readBackTest(tx, backTestId);
  if (!backTest) throw notFound(`back-test ${backTestId}`);
  return backTest;
}

function shown(backTest: BackTest): BackTestShown {
  const { backTestId, state, integrations, judged, cases, error, finishedAt } = backTest;
  return {
    ...{ backTestId, state, cases, error },
    from: backTest.from.toISOString(),
    to: backTest.to.toISOString(),
    createdAt: backTest.createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
    progress: integrations === null ? null : { integrations, judged },
  };
}

function shownCase({ change, candidate, today }: Omit<CaseRow, 'place'>): ComparedCaseShown {
  const { ruleId, subject } = (candidate ?? today)!;
  return {
    ...{ change, ruleId, integrationId: subject.integrationId },
    organizationId: subject.agreementId === '' ? null : subject.agreementId,
    route: subject.route === '' ? null : subject.route,
    candidate: candidate && figures(candidate),
    today: today && figures(today),
  };
}

function figures({ ruleId: _1, subject: _2, ...own }: HistoricCase) {
  return own;
}
