/** An SMS budget: what a partner wants to spend on the SMS of an integration in a quarter, and when it stops them. */
import {
  MAX_RESTRICTIONS,
  Quarter,
  smsBudgetChanged,
  type SmsBudget,
  type SmsBudgetReached,
} from '@taxameter/contracts';
import { inForceAt } from '../integration/history.js';
import { ownerAt } from '../integration/integration.js';
import { phaseAt, type Restriction, type Surroundings, type Wanted } from '../restriction/restriction.js';

export const smsBudgetState = smsBudgetChanged.schema.shape.data;

/** What is known of a budget in the present quarter. */
export interface Standing {
  readonly reached: SmsBudgetReached;
  /** The version of the budget by which SMS were stopped last in this quarter. */
  readonly stoppedVersion: number | null;
  /** The restriction that it was stopped by. */
  readonly stop: Restriction | null;
}

export type Step = 'stop' | { readonly open: 'changed' | 'handed-over' } | null;

/**
 * Whether SMS are to be stopped, or opened again; null: neither. A function of what is, so asking twice does nothing twice.
 *
 * A stop that a person has lifted, or has given another end, is that person's from then on.
 */
export function nextStep(
  budget: SmsBudget | null,
  { reached, stoppedVersion, stop }: Standing,
  { integration, others }: Surroundings,
  now: Date,
): Step {
  // Told of an older budget: fair-use has not read the present one yet, and what it says of that decides.
  if (budget === null || reached.budgetVersion !== budget.version) return null;
  const isOwners = budget.partnerId === ownerAt(integration, now);
  const isWanted = isOwners && reached.stopsAtLimit && reached.reachedPercent === 100;
  if (stop !== null && phaseAt(stop, now) !== 'over') {
    const isUntouched = stop.version === 1;
    return isWanted || !isUntouched ? null : { open: isOwners ? 'changed' : 'handed-over' };
  }
  const canBeStopped =
    inForceAt(integration.status, now)?.status !== 'deactivated' && others < MAX_RESTRICTIONS;
  return isWanted && canBeStopped && stoppedVersion !== budget.version ? 'stop' : null;
}

/** The restriction that stops the SMS of an integration to the end of the quarter, as its partner has asked for. */
export function stopOf(reached: SmsBudgetReached, restrictionId: string, imposedBy: string): Wanted {
  const { quarter, messagesPerQuarter } = reached;
  const { end, number, year } = Quarter.parse(quarter);
  const many = (messagesPerQuarter ?? 0).toLocaleString('da-DK');
  const much = (messagesPerQuarter ?? 0).toLocaleString('en-GB');
  return {
    restrictionId,
    scope: 'integration',
    organizationIds: [],
    mode: 'block',
    limitPerMinute: null,
    capability: 'sms',
    reasonCode: 'own_request',
    clause: 'Partnerens eget SMS-loft',
    note: {
      da: `I har selv sat et loft på ${many} SMS i ${number}. kvartal ${year}, og det er nået. Derfor afvises flere SMS. Alle andre kald virker som før.`,
      en: `You have set a limit of ${much} SMS for Q${number} ${year}, and it is reached, so more SMS are refused. All other calls work as before.`,
    },
    endCondition: {
      da: 'Hæv loftet, eller slå stoppet fra; ellers åbnes der igen, når kvartalet er slut.',
      en: 'Raise the limit or switch the stop off; else SMS are open again when the quarter has ended.',
    },
    breachId: null,
    imposedBy,
    approvalId: null,
    until: end.toISOString(),
  };
}
