import type { ApiCall, ApiCallEvent } from '@taxameter/contracts';

/**
 * Integrations of which each breaks one rule by one call, and no other: what is measured is how long its case takes. They are called so
 * that they lie between those of the load, since the evaluator goes by name.
 */

/**
 * What it takes to break the rules by the policy. Should it ask for more, no case comes and the bench says so; should it ask for less, a case
 * is there before its last call.
 */
const FULL_FETCHES = 4;
const CALLS_OF_A_SHARE = 50;
/** A call may be so late that its minute stays open. */
export const LATENESS_MINUTES = 2;

const LOAD_INTEGRATIONS = 1_000;
const MINUTE_MS = 60_000;

export interface Probe {
  readonly integrationId: string;
  readonly calls: readonly ApiCallEvent[];
}

/**
 * POLLING_UNFILTERED, monotone: holds with the last call, whether its minute is over or not.
 * @param timeMs of all calls, in ms since 1970
 */
export function pollingProbe(index: number, timeMs: number): Probe {
  const integrationId = nameOf('polling', index);
  const calls = Array.from({ length: FULL_FETCHES }, (_, call) =>
    callOf(`${integrationId}-${call}`, timeMs, {
      integrationId,
      route: '/v1/{organizationId}/contacts',
      operation: 'list',
      query: { page: 0, hasChangesSince: false },
    }),
  );
  return { integrationId, calls };
}

/**
 * THROTTLED_RATIO, a share: holds when the minute of the calls is closed.
 * @param minute whole minutes since 1970; the calls are spread over it
 */
export function throttledProbe(index: number, minute: number): Probe {
  const integrationId = nameOf('throttled', index);
  const calls = Array.from({ length: CALLS_OF_A_SHARE }, (_, call) =>
    callOf(
      `${integrationId}-${call}`,
      minute * MINUTE_MS + Math.floor((call * MINUTE_MS) / CALLS_OF_A_SHARE),
      {
        integrationId,
        route: '/v1/{organizationId}/invoices/{guid}',
        operation: 'item',
        status: call === 0 ? 429 : 200,
      },
    ),
  );
  return { integrationId, calls };
}

/** Spread over the names of the load, whatever the index. */
function nameOf(kind: string, index: number): string {
  const neighbour = (index * 617) % LOAD_INTEGRATIONS;
  return `int_${String(neighbour).padStart(6, '0')}_${kind}_${index}`;
}

function callOf(
  id: string,
  timeMs: number,
  data: Pick<ApiCall, 'integrationId' | 'route' | 'operation'> & Partial<ApiCall>,
): ApiCallEvent {
  return {
    specversion: '1.0',
    id,
    source: '/bench/probe',
    type: 'dk.dinero.usage.api_call.v1',
    time: new Date(timeMs).toISOString(),
    data: { organizationId: '148383', method: 'GET', status: 200, durationMs: 20, enforced: 'none', ...data },
  };
}
