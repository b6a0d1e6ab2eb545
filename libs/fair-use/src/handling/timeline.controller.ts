import { Controller, Inject } from '@nestjs/common';
import type { Breach } from '@taxameter/contracts';
import {
  cutPage,
  databaseOf,
  Input,
  notFound,
  Route,
  withActor,
  type Actor,
  type CallOf,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { RULES } from '../rules/registry.js';
import { getStatistics, getTimeline, type RuleStatistics, type StepShown } from './handling-routes.js';
import type { AuditedHandling } from './handling.js';
import {
  describeJudged,
  describePersons,
  INTERNAL_ACTIONS,
  type Action,
  type JudgedChange,
} from './timeline.js';

/** What has happened to a case, and to all cases of a rule. */

interface CallsRow {
  readonly origin: 'calls' | 'frequency';
  readonly what: JudgedChange;
  readonly body: Breach;
}
interface PeopleRow {
  readonly origin: 'people';
  readonly what: Action;
  readonly body: AuditedHandling;
  readonly actorId: string;
  readonly actorRole: string;
  readonly reason: string | null;
  readonly assignee: string | null;
  readonly note: string | null;
}
type StepRow = (CallsRow | PeopleRow) & { readonly at: Date; readonly number: number };

@Controller()
export class CaseTimelineController {
  constructor(@Inject(databaseOf('fair-use')) private readonly database: DataSource) {}

  @Route(getTimeline)
  timeline(@Input() { params: { breachId }, query, actor }: CallOf<typeof getTimeline>) {
    const [at, origin, number] = query.cursor?.split('_') ?? [];
    return withActor(this.database, actor, async (tx) => {
      const known = await tx.query<unknown[]>('select from breach where breach_id = $1', [breachId]);
      if (known.length === 0) throw notFound(`breach ${breachId}`);
      const rows = await tx.query<StepRow[]>(
        `select * from (
           select recorded_at as at, 'calls' as origin, version::bigint as number, change as what, body,
                  null as "actorId", null as "actorRole", null as reason, null as assignee, null as note
           from breach_version where breach_id = $1
             and (change in ('opened', 'escalated', 'revised') or body ->> 'resolvedReason' = 'cleared' and change = 'resolved')
           union all
           (select recorded_at, 'frequency', version, 'flapping', body, null, null, null, null, null
            from breach_version where breach_id = $1 and body ->> 'flapping' = 'true' order by version limit 1)
           union all
           select at, 'people', id, action, "after", actor_id, actor_role, reason, words.assignee, words.note
           from audit_entry
           left join breach_words as words
             on words.breach_id = $1 and words.version = (audit_entry."after" ->> 'version')::integer
           where subject = 'breach|' || $1 and action <> all($2::text[])) as step
         where $3::timestamptz is null or (at, origin, number) < ($3, $4::text, $5::bigint)
         order by at desc, origin desc, number desc limit $6`,
        [
          breachId,
          actor.role === 'partner' ? INTERNAL_ACTIONS : [],
          at ?? null,
          origin ?? null,
          number ?? null,
          query.limit + 1,
        ],
      );
      const page = cutPage(rows, query.limit, (row) => `${row.at.toISOString()}_${row.origin}_${row.number}`);
      return { ...page, items: page.items.map((row) => shown(row, actor)) };
    });
  }

  @Route(getStatistics)
  statistics(@Input() { actor }: CallOf<typeof getStatistics>) {
    return withActor(this.database, actor, async (tx) => {
      const counted = await tx.query<RuleStatistics[]>(
        `select rule_id as "ruleId", (count(*) filter (where not is_shadow))::integer as cases,
                (count(*) filter (where state = 'open' and not is_shadow))::integer as open,
                coalesce(sum(occurrence) filter (where not is_shadow), 0)::integer as occurrences,
                coalesce(sum(false_positives) filter (where not is_shadow), 0)::integer as "falsePositives",
                (count(*) filter (where is_shadow))::integer as "shadowCases",
                coalesce(sum(false_positives) filter (where is_shadow), 0)::integer as "shadowFalsePositives"
         from (select rule_id, breach.state, (body ->> 'occurrence')::integer as occurrence, false_positives,
                      starts_with(breach_key, 'shadow:') as is_shadow
               from breach left join breach_handling using (breach_id)) as found
         group by rule_id order by rule_id`,
      );
      const silent = RULES.filter(({ id }) => !counted.some(({ ruleId }) => ruleId === id));
      const nothing = {
        ...{ cases: 0, open: 0, occurrences: 0, falsePositives: 0 },
        ...{ shadowCases: 0, shadowFalsePositives: 0 },
      };
      return { rules: [...counted, ...silent.map(({ id }) => ({ ruleId: id, ...nothing }))] };
    });
  }
}

function shown(row: StepRow, { role }: Actor): StepShown {
  const at = row.at.toISOString();
  if (row.origin !== 'people') {
    const { version, severity, occurrence, observed, threshold } = row.body;
    return {
      at,
      kind: row.what,
      text: describeJudged({ change: row.what, breach: row.body }),
      actor: null,
      reason: null,
      note: null,
      breach: { version, severity, occurrence, observed, threshold },
    };
  }
  const isPartner = role === 'partner';
  return {
    at,
    kind: row.what.replace('breach_', ''),
    text: describePersons({ action: row.what, handling: row.body, assignee: row.assignee }),
    actor: { id: isPartner ? null : row.actorId, role: row.actorRole },
    reason: isPartner ? null : row.reason,
    note: row.note,
    breach: null,
  };
}
