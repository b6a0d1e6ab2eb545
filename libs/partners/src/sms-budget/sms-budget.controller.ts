import { Controller, Inject } from '@nestjs/common';
import { Quarter, type SmsBudget } from '@taxameter/contracts';
import {
  CLOCK,
  Input,
  Problem,
  Route,
  databaseOf,
  notFound,
  runCommand,
  withActor,
  type Actor,
  type CallOf,
  type Clock,
} from '@taxameter/platform';
import type { DataSource, EntityManager } from 'typeorm';
import { makeChange } from '../change/change.service.js';
import { ownerAt } from '../integration/integration.js';
import { loadIntegration } from '../integration/integration.service.js';
import { phaseAt, withoutNames } from '../restriction/restriction.js';
import { getSmsBudget, putSmsBudget } from './sms-budget-routes.js';
import { loadBudget, loadStanding, publishBudget, saveBudget } from './sms-budget.service.js';

/** SMS budgets over HTTP: a partner sets that of its own integration. */
@Controller()
export class SmsBudgetController {
  constructor(
    @Inject(databaseOf('partners')) private readonly database: DataSource,
    @Inject(CLOCK) private readonly clock: Clock,
  ) {}

  @Route(putSmsBudget)
  put(@Input() call: CallOf<typeof putSmsBudget>) {
    const { integrationId } = call.params;
    const { version, reason, messagesPerQuarter, stopsAtLimit } = call.body;
    refuseOthers(call.actor);
    return runCommand(this.database, call, this.clock, async (tx) => {
      const now = this.clock.now();
      const partnerId = await this.ownerSeenBy(tx, integrationId, call.actor);
      const known = await loadBudget(tx, integrationId);
      const isOfPredecessor = known !== null && known.partnerId !== partnerId;
      const { state, changed } = await makeChange<SmsBudget>(tx, call.actor, now, {
        subject: `sms_budget|${integrationId}`,
        action: 'sms_budget_changed',
        reason: reason ?? null,
        // Who owns it now was shown none.
        seenVersion: isOfPredecessor && version === 0 ? known.version : version,
        load: () => loadBudget(tx, integrationId),
        decide: (current) => ({
          integrationId,
          version: 0,
          partnerId,
          messagesPerQuarter,
          stopsAtLimit:
            messagesPerQuarter !== null &&
            (stopsAtLimit ?? (current?.partnerId === partnerId && current.stopsAtLimit)),
        }),
        save: saveBudget,
        fact: (_tx, next) => publishBudget(tx, next, now),
      });
      return { ...state, changed, warnings: [] };
    });
  }

  @Route(getSmsBudget)
  get(@Input() { params: { integrationId }, actor }: CallOf<typeof getSmsBudget>) {
    return withActor(this.database, actor, async (tx) => {
      const now = this.clock.now();
      const partnerId = await this.ownerSeenBy(tx, integrationId, actor);
      const known = await loadBudget(tx, integrationId);
      const budget = known?.partnerId === partnerId ? known : null;
      const standing = await loadStanding(tx, integrationId, Quarter.of(now).toString());
      const stop = standing?.stop && phaseAt(standing.stop, now) === 'in_force' ? standing.stop : null;
      return {
        budget,
        reached: standing && standing.reached.budgetVersion === budget?.version ? standing.reached : null,
        stop: stop && actor.role === 'partner' ? withoutNames(stop) : stop,
      };
    });
  }

  /** @returns the owner now. @throws Problem 404 where there is no such integration, or not for this partner */
  private async ownerSeenBy(tx: EntityManager, integrationId: string, actor: Actor): Promise<string> {
    const integration = await loadIntegration(tx, integrationId);
    const ownerId = integration && ownerAt(integration, this.clock.now());
    const isForeign = actor.role === 'partner' && ownerId !== actor.partnerId;
    if (!ownerId || isForeign) throw notFound(`integration ${integrationId}`);
    return ownerId;
  }
}

/** Nobody of ours blocks SMS in the name of a partner, an admin neither. @throws Problem 403 */
function refuseOthers(actor: Actor): void {
  if (actor.role === 'partner') return;
  throw new Problem(
    403,
    'wrong-role',
    'only the partner sets a budget of its own; to stop SMS, restrict them',
  );
}
