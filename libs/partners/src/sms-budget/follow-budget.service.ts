import { Quarter } from '@taxameter/contracts';
import { newId, type Actor, type Clock } from '@taxameter/platform';
import type { EntityManager } from 'typeorm';
import { changeRestriction, lockIntegration } from '../restriction/change-restriction.service.js';
import { impose, lift } from '../restriction/restriction.js';
import { surroundings } from '../restriction/surroundings.service.js';
import { nextStep, stopOf, type Standing } from './sms-budget.js';
import { loadBudget, loadStanding, saveStop } from './sms-budget.service.js';

const WHY_OPENED = {
  changed: 'the partner has raised its SMS budget, or no longer wants SMS to be stopped by it',
  'handed-over': 'the integration has another owner, who has not asked for the stop',
} as const;

/** Stops or opens the SMS of an integration, as its budget in the present quarter wants it; nothing where that is so already. */
export async function followBudget(
  tx: EntityManager,
  integrationId: string,
  actor: Actor,
  clock: Clock,
): Promise<void> {
  await lockIntegration(tx, integrationId);
  const now = clock.now();
  const standing = await loadStanding(tx, integrationId, Quarter.of(now).toString());
  const budget = await loadBudget(tx, integrationId);
  // Told of a budget that this database does not know: it may not know the integration either.
  if (!standing || !budget) return;
  const around = await surroundings(tx, { integrationId, organizationIds: [] }, now);
  const step = nextStep(budget, standing, around, now);
  if (step === 'stop') await stop(standing);
  else if (step !== null) await open(standing.stop!.restrictionId, WHY_OPENED[step.open]);

  async function stop({ reached }: Standing): Promise<void> {
    const { messagesPerQuarter, messages, quarter } = reached;
    const wanted = stopOf(reached, newId('restriction', clock), actor.id);
    await changeRestriction(tx, actor, now, {
      restrictionId: wanted.restrictionId,
      integrationId,
      action: 'restriction_imposed',
      reason: `SMS budget of ${messagesPerQuarter} reached with ${messages} in ${quarter}`,
      seenVersion: 0,
      decide: () => impose(wanted, around, now),
    });
    await saveStop(tx, reached, wanted.restrictionId);
  }

  async function open(restrictionId: string, reason: string): Promise<void> {
    await changeRestriction(tx, actor, now, {
      restrictionId,
      integrationId,
      action: 'restriction_lifted',
      reason,
      seenVersion: undefined,
      decide: (current) => lift(current!, now),
    });
  }
}
