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
      // A few are on their way when the first one is answered with 429: of 50 calls one would be 2 %.
      minCountedAboveInfo: 5,
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
    // The terms allow SMS within Denmark alone, so the first one abroad is worth a warning; ten are no typing error.
    SMS_FOREIGN: { windowMinutes: A_DAY, thresholds: { warning: 1, error: 10, critical: 100 } },
    // Nobody needs the same invoice three times in ten minutes: a program tries again, and the partner pays for each.
    SMS_REPEAT: { windowMinutes: 10, thresholds: { warning: 3, error: 10 } },
    // 200 SMS are 200 kr.: below that a spike is not worth a person's time. Three times what is usual leaves room for growth.
    SMS_SPIKE: {
      windowMinutes: 60,
      minSms: 200,
      timesUsual: 3,
      thresholds: { warning: { timesLevel: 1 }, error: { timesLevel: 3 }, critical: { timesLevel: 10 } },
    },
    // Five calls are one run of a job that nobody has looked at since; fifty are a job that goes on (domain rule 1.5).
    SCOPE_MISMATCH: { windowMinutes: A_DAY, thresholds: { info: 5, warning: 50 } },
    // Who was away for a week catches up in one fetch; ten in a day have forgotten to move on.
    STALE_CHANGES_SINCE: { windowMinutes: A_DAY, maxAgeSeconds: 7 * 86_400, thresholds: { info: 10 } },
    // 200 an hour is Qonto's limit. For ten agreements, since a thousand customers forget a thousand renewals.
    AUTH_FAILURES: {
      windowMinutes: 60,
      agreements: 10,
      thresholds: { info: 25, warning: 75, error: 200, critical: 1000 },
    },
    // Numbers are checked before they are sent: one wrong of ten is no typing error any more.
    SMS_INVALID: { windowMinutes: A_DAY, minCalls: 20, thresholds: { warning: 10, error: 30 } },
    // 10,000 a minute is Xero's limit for an app over all its customers. The other figures are ours.
    RATE_INTEGRATION: {
      windowMinutes: 15,
      ...{ baseCalls: 300, callsPerAgreement: 10, maxCalls: 10_000 },
      // Half of what one agreement may make.
      pairCalls: 50,
      thresholds: {
        info: { percent: 60, minutes: 5 },
        warning: { percent: 80, minutes: 5 },
        error: { percent: 100, minutes: 5 },
        critical: { percent: 150, minutes: 5 },
      },
    },
    // Going on while limited is what gets integrations banned elsewhere (GitHub). A minute is what Dinero's best practices ask for.
    IGNORES_429: {
      windowMinutes: 10,
      waitSecIfUntold: 60,
      longestWaitSec: 600,
      thresholds: { warning: 5, error: 25, critical: 100 },
    },
    // More than 5, 10 and 25 at once. 5 is the limit of Xero, 10 that of QuickBooks.
    CONCURRENCY: {
      windowMinutes: 10,
      thresholds: {
        warning: { calls: 6, minutes: 3 },
        error: { calls: 11, minutes: 3 },
        critical: { calls: 26, minutes: 3 },
      },
    },
    // A list can be asked for the fields that are missing. 20 records for a page of it are no chance look at one of them.
    N_PLUS_ONE: {
      windowMinutes: 15,
      readsPerListCall: 20,
      listWithinMinutes: 3,
      thresholds: {
        info: { calls: 25, minutes: 3 },
        warning: { calls: 50, minutes: 3 },
        error: { calls: 90, minutes: 3 },
      },
    },
    // 100 records are the API's default and a tenth of its largest page.
    SMALL_PAGES: { windowMinutes: 15, smallPageSize: 100, thresholds: { info: 10, warning: 50 } },
    // Twice a minute the same question with the same answer: reference data that is not kept.
    DUPLICATE_READS: { windowMinutes: 10, thresholds: { info: 20, warning: 50, error: 200 } },
    // Who is blocked and does not know it makes the calls it always made, at most 100 in some minutes, and is to stay at info.
    IGNORES_BLOCK: {
      windowMinutes: 15,
      thresholds: {
        info: { calls: 10, minutes: 5 },
        warning: { calls: 50, minutes: 10 },
        error: { calls: 100, minutes: 10 },
      },
    },
  },
  // Growth is not guilt: nobody is told of it before it was seen to tell the two apart (domain rule 1.7.3).
  modes: { RATE_INTEGRATION: 'shadow' },
  filterableRoutes: FILTERABLE_ROUTES,
  // The terms say Denmark alone. The description of the API also names the Faroes and Greenland (FO, GL): who allows them adds them here.
  allowedSmsCountries: ['DK'],
  // The terms: 1 kr. for each SMS sent.
  smsPriceText: { da: '1,00 kr. ekskl. moms', en: 'DKK 1.00 excl. VAT' },
  maxPageSize: 1000,
  // Half an hour of use within an hour is no test, and ten minutes are longer than a gateway needs to start again.
  dataGap: { activeMinutes: 30, silentMinutes: 10 },
  evaluationHorizonMs: 2 * 3_600_000,
  reopenWithinMs: 24 * 3_600_000,
  latenessMs: 2 * 60_000,
  // Seven days: who has just begun makes mistakes that a word is enough for.
  warmUpMs: A_DAY * 7 * 60_000,
  // A fifth below, for a quarter of an hour: who swings around a limit has one case, not thirty.
  clearRatio: 0.8,
  clearForMinutes: 15,
  clearForMinutesOfHours: 60,
};
