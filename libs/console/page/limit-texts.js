/** The texts about how near an integration comes to its limits. Part of `texts.js`. */

const da = {
  'limits.title': 'Sådan ligger I',
  'limits.lead': 'Hvor tæt integrationen kom på hver grænse for fair use, de seneste 30 dage.',
  'limits.none': 'Integrationen har ikke været i nærheden af nogen grænse.',
  'limits.share': '{share} af grænsen',
  'limits.over': '{share} af grænsen: over',
  'limits.measured': 'Målt {value}. Grænsen er {limit}.',
  'limits.agreement': 'aftale',
  'limits.today': 'I dag: {share}',
  'limits.todayNone': 'I dag: intet',
  'limits.days': 'Dag for dag: {from} til {through}, højest {share}',
  'limits.others.one': '1 regel uden noget at måle',
  'limits.others.other': '{count} regler uden noget at måle',
  'limits.silent': '{title} (siger først noget over grænsen)',
  'limits.incomplete': 'De ældste dage er endnu ikke målt. Resten kommer om lidt.',
  'limits.truncated': 'Kun de 20 aftaler med flest kald hver dag er med.',
  'limits.policy': 'Målt mod de grænser, der gælder nu (version {version}).',
};

/** @type {Record<keyof typeof da, string>} */
const en = {
  'limits.title': 'Where you stand',
  'limits.lead': 'How near the integration came to each fair-use limit in the last 30 days.',
  'limits.none': 'The integration has not been near any limit.',
  'limits.share': '{share} of the limit',
  'limits.over': '{share} of the limit: above it',
  'limits.measured': '{value} observed. The limit is {limit}.',
  'limits.agreement': 'agreement',
  'limits.today': 'Today: {share}',
  'limits.todayNone': 'Today: nothing',
  'limits.days': 'Day by day: {from} to {through}, {share} at most',
  'limits.others.one': '1 rule with nothing to measure',
  'limits.others.other': '{count} rules with nothing to measure',
  'limits.silent': '{title} (silent below its limit)',
  'limits.incomplete': 'The oldest days are not measured yet. They will follow shortly.',
  'limits.truncated': 'Only the 20 agreements with the most calls of each day are included.',
  'limits.policy': 'Held against the limits in force now (version {version}).',
};

export const LIMIT_TEXTS = { da, en };
