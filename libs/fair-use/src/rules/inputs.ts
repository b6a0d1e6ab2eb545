/** Paths in an API call event that several rules read. */

// Every signal reads these: who, on which agreement, when, and whether the call counts against the partner at
// all.
export const ALWAYS_READ = [
  'time',
  'data.integrationId',
  'data.organizationId',
  'data.enforced',
  'data.status',
];

export const SWEEPS_READ = [
  'data.route',
  'data.method',
  'data.operation',
  'data.query.page',
  'data.query.hasChangesSince',
  'data.query.hasDateRange',
  'data.query.hasQueryFilter',
];
