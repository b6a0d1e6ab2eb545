import type { FilterableRoute, Policy } from './policy.js';

/**
 * The policy in force until somebody decides another. A threshold changed here needs a new version and 30
 * days' notice to the partners whom it hits (domain rule 1.7.10).
 */

/**
 * A list stands here only where a source says that it takes the filter: a partner must not be blamed for
 * leaving out what is not there, so a list we do not know is never counted. Mailouts are said to take
 * `changesSince` too, but the path of their list was not found.
 */
const FILTERABLE_ROUTES: readonly FilterableRoute[] = [
  // Dinero's published API description (api.dinero.dk/openapi, and api.dinero.dk/v1/docs for contacts):
  // `changesSince`, UTC, seconds. Its own best-practice page asks for it.
  { path: '/{organizationId}/contacts', filter: 'changesSince' },
  { path: '/{organizationId}/invoices', filter: 'changesSince' },
  { path: '/{organizationId}/sales', filter: 'changesSince' },
  { path: '/{organizationId}/sales/creditnotes', filter: 'changesSince' },
  { path: '/{organizationId}/tradeoffers', filter: 'changesSince' },
  // OpenStack Compute, "Efficient polling" in its API guide
  // (docs.openstack.org/api-guide/compute/polling_changes.html); later versions have no tenant in the path.
  { path: '/{tenant}/servers', filter: 'changes-since' },
  { path: '/{tenant}/servers/detail', filter: 'changes-since' },
  { path: '/servers', filter: 'changes-since' },
  { path: '/servers/detail', filter: 'changes-since' },
];

const A_DAY = 24 * 60;

export const defaultPolicy: Policy = {
  version: 3,
  rules: {
    // 100 a minute per organisation and client is Dinero's published hard limit, "not something to strive
    // for": the rule speaks up at half of it. Five minutes of fifteen forgive one bulk job; critical asks for
    // ten.
    RATE_MINUTE: {
      windowMinutes: 15,
      thresholds: {
        info: { calls: 50, minutes: 5 },
        warning: { calls: 70, minutes: 5 },
        error: { calls: 90, minutes: 5 },
        critical: { calls: 100, minutes: 10 },
      },
    },
    // 25 calls in five seconds is the limit of Fortnox and Pennylane.
    BURST: {
      windowMinutes: 10,
      thresholds: {
        warning: { calls: 25, minutes: 3 },
        error: { calls: 50, minutes: 3 },
        critical: { calls: 80, minutes: 3 },
      },
    },
    // More than 40, 60 and 80 writes. 80 a minute is GitHub's limit for requests that create content; a write
    // weighs about five reads.
    WRITE_RATE: {
      windowMinutes: 15,
      thresholds: {
        warning: { calls: 41, minutes: 5 },
        error: { calls: 61, minutes: 5 },
        critical: { calls: 81, minutes: 10 },
      },
    },
    // 90 s a minute is GitHub's limit for the time that its servers spend on one client. One call at a time
    // never reaches 60.
    SERVER_TIME: {
      windowMinutes: 15,
      // Warnings at 60, 90 and 180 s wait until a signal tells whether the platform itself was slow: then the same calls take many
      // times as long, and nobody is to be given a deadline for that.
      thresholds: { info: { serverTimeMs: 60_000, minutes: 5 } },
    },
    // Dinero's best practices: "expect action to be taken, if you hit a lot of 400, 401 or 403 requests". A
    // hundred calls, so that three typing errors of a new integration are none.
    ERROR_RATIO_4XX: {
      windowMinutes: 15,
      minCalls: 100,
      thresholds: { info: 5, warning: 15, error: 35, critical: 70 },
    },
    // Any 429 is worth a word, since it takes 100 calls in a minute to get one.
    THROTTLED_RATIO: {
      windowMinutes: 15,
      minCalls: 50,
      thresholds: { info: 0, warning: 2, error: 10, critical: 30 },
    },
    // 12 an hour is a full fetch every five minutes, 300 one every twelve seconds.
    POLLING_UNFILTERED: {
      windowMinutes: 60,
      thresholds: { info: 4, warning: 12, error: 60, critical: 300 },
    },
    // 60 an hour is every minute. Asking for changes only is what we ask for, so it is never critical.
    POLLING_TOO_OFTEN: {
      windowMinutes: 60,
      thresholds: { info: 30, warning: 60, error: 240 },
    },
    // 50,000 calls in 24 hours and agreement is e-conomic's published definition of fair use.
    RATE_DAY: {
      windowMinutes: A_DAY,
      thresholds: { info: 20_000, warning: 30_000, error: 40_000, critical: 50_000 },
    },
    // A bearer token is requirement 3 of the terms, so a single call without one is worth a warning.
    LEGACY_AUTH: { windowMinutes: A_DAY, thresholds: { warning: 1, error: 100 } },
  },
  filterableRoutes: FILTERABLE_ROUTES,
  maxPageSize: 1000,
  evaluationHorizonMs: 2 * 3_600_000,
  reopenWithinMs: 24 * 3_600_000,
  latenessMs: 2 * 60_000,
  // Seven days: who has just begun makes mistakes that a word is enough for.
  warmUpMs: A_DAY * 7 * 60_000,
};
