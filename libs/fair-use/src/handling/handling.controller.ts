import { Controller, Inject } from '@nestjs/common';
import type { Breach } from '@taxameter/contracts';
import {
  CLOCK,
  databaseOf,
  Input,
  Route,
  runCommand,
  type Call,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource } from 'typeorm';
import { isInShadow } from '../breach/decide-breach.js';
import { defaultPolicy } from '../policy/default-policy.js';
import { titleOf } from '../report/report.js';
import { takeStep, type Step } from './change-handling.service.js';
import { contactText } from './contact-text.js';
import {
  acknowledge,
  assign,
  contact,
  deadlineOfContact,
  HandlingRefused,
  markFalsePositive,
  note,
  reopen,
  resolve,
  snooze,
  withoutNames,
  type Handling,
} from './handling.js';
import {
  postAcknowledge,
  postAssign,
  postContact,
  postFalsePositive,
  postNote,
  postReopen,
  postResolve,
  postSnooze,
} from './handling-routes.js';

type CommandCall = Call<
  { breachId: string },
  unknown,
  { version?: number | undefined; reason?: string | undefined }
>;
type Decide = (current: Handling, breach: Breach, now: Date) => Handling;

/** What people do with a case, over HTTP. */
@Controller()
export class HandlingController {
  constructor(
    @Inject(databaseOf('fair-use')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(postAcknowledge)
  acknowledge(@Input() call: CallOf<typeof postAcknowledge>) {
    return this.command(call, 'breach_acknowledged', acknowledge);
  }

  @Route(postAssign)
  assign(@Input() call: CallOf<typeof postAssign>) {
    const { assignee } = call.body;
    return this.command(call, 'breach_assigned', (current) => assign(current, assignee), { assignee });
  }

  @Route(postContact)
  contact(@Input() call: CallOf<typeof postContact>) {
    return this.command(call, 'breach_contacted', (current, breach, now) => {
      if (isInShadow(breach)) {
        const message = 'the rule was in shadow: no partner is told of what it finds';
        throw new HandlingRefused(409, 'case-in-shadow', 'breachId', message);
      }
      const deadline = deadlineOfContact(breach.severity, call.body.deadline, now);
      const message = contactText(breach, titleOf(breach.ruleId), deadline, defaultPolicy);
      return contact(current, { at: now.toISOString(), ...message }, deadline);
    });
  }

  @Route(postSnooze)
  snooze(@Input() call: CallOf<typeof postSnooze>) {
    const { until } = call.body;
    return this.command(call, 'breach_snoozed', (current, _, now) => snooze(current, until, now));
  }

  @Route(postResolve)
  resolve(@Input() call: CallOf<typeof postResolve>) {
    return this.command(call, 'breach_resolved', resolve);
  }

  @Route(postReopen)
  reopen(@Input() call: CallOf<typeof postReopen>) {
    return this.command(call, 'breach_reopened', (current, breach, now) =>
      reopen(current, breach.severity, now),
    );
  }

  @Route(postFalsePositive)
  falsePositive(@Input() call: CallOf<typeof postFalsePositive>) {
    return this.command(call, 'breach_marked_false_positive', markFalsePositive);
  }

  @Route(postNote)
  note(@Input() call: CallOf<typeof postNote>) {
    return this.command(call, 'breach_noted', note, { note: call.body.note });
  }

  private command(call: CommandCall, action: Step['action'], decide: Decide, words?: Step['words']) {
    const { breachId } = call.params;
    const { version, reason } = call.body;
    return runCommand(this.database, call, this.clock, async (tx) => {
      const now = this.clock.now();
      const { handling, changed } = await takeStep(tx, call.actor, now, {
        breachId,
        action,
        reason: reason ?? null,
        seenVersion: version,
        ...(words && { words }),
        decide: (current, breach) => decide(current, breach, now),
      });
      const { falsePositives: _, ...answer } = withoutNames(handling);
      return { ...answer, breachId, changed };
    });
  }
}
