/**
 * What a preview was made from: versions of master data, counts and offsets of the ledger. Approval compares
 * it with what is true by then, so that nobody approves figures that have moved.
 */
import type { KnownAgreement, KnownIntegration, KnownPartner, SmsCount } from './preview.js';

export interface Basis {
  /** Versions by id, of what the quarter's SMS touch. An agreement is named `integration|organization`. */
  readonly partners: Readonly<Record<string, number>>;
  readonly integrations: Readonly<Record<string, number>>;
  readonly agreements: Readonly<Record<string, number>>;
  /** SMS of the quarter by integration, not yet billed. */
  readonly ledger: Readonly<Record<string, number>>;
  /**
   * Per partition of the SMS topic the offset below which the ledger was counted: the invoice takes no SMS
   * above it.
   */
  readonly nextOffsets: Readonly<Record<string, number>>;
}

export interface Change {
  readonly what: 'partner' | 'integration' | 'agreement' | 'ledger' | 'settings';
  readonly id: string;
  /** Version or count in the preview and now; null where it was not there. */
  readonly seen: number | null;
  readonly now: number | null;
}

export function basisOf(
  counts: readonly SmsCount[],
  partners: readonly KnownPartner[],
  integrations: readonly KnownIntegration[],
  agreements: readonly KnownAgreement[],
  nextOffsets: Readonly<Record<string, number>>,
): Basis {
  const owners = new Set(
    integrations.flatMap(({ ownership }) => ownership.map(({ partnerId }) => partnerId)),
  );
  const ledger: Record<string, number> = {};
  for (const { integrationId, quantity } of counts) {
    ledger[integrationId] = (ledger[integrationId] ?? 0) + quantity;
  }
  return {
    partners: versions(
      partners.filter(({ partnerId }) => owners.has(partnerId)),
      ({ partnerId }) => partnerId,
    ),
    integrations: versions(integrations, ({ integrationId }) => integrationId),
    agreements: versions(agreements, (known) => `${known.integrationId}|${known.organizationId}`),
    ledger,
    nextOffsets,
  };
}

/** Empty when both say the same. Offsets alone may move: SMS of other quarters arrive all the time. */
export function changesBetween(seen: Basis, now: Basis): Change[] {
  return [
    ...differences('partner', seen.partners, now.partners),
    ...differences('integration', seen.integrations, now.integrations),
    ...differences('agreement', seen.agreements, now.agreements),
    ...differences('ledger', seen.ledger, now.ledger),
  ];
}

function versions<Known extends { readonly version: number }>(
  known: readonly Known[],
  idOf: (one: Known) => string,
): Record<string, number> {
  return Object.fromEntries(known.map((one) => [idOf(one), one.version]));
}

function differences(
  what: Change['what'],
  seen: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): Change[] {
  const ids = [...new Set([...Object.keys(seen), ...Object.keys(now)])].sort();
  return ids
    .filter((id) => seen[id] !== now[id])
    .map((id) => ({ what, id, seen: seen[id] ?? null, now: now[id] ?? null }));
}
