/** The texts about breaches, in both languages. Part of `texts.js`, which says how they are used. */

const da = {
  'breaches.title': 'Overtrædelser',
  'breaches.lead': 'Sager, hvor en integration er gået over en grænse for fair use.',
  'breaches.empty': 'Ingen overtrædelser. Alle integrationer holder sig inden for grænserne.',
  'breaches.news.one': 'Vis 1 ny sag',
  'breaches.news.other': 'Vis {count} nye sager',
  'breaches.announce': 'Ny overtrædelse: {title}',
  'breach.integration': 'Integration',
  'breach.agreement': 'Aftale',
  'breach.route': 'Adresse',
  'breach.since': 'Siden',
  'breach.peak': 'Højest målt',
  'breach.threshold': 'Grænse',
  'breach.meter': 'Målt {observed}, og grænsen er {threshold}',
  'breach.resolved': 'Afsluttet',
  'breach.retroactive': 'Fundet bagud i tid',
  'breach.occurrence': '{count}. gang',
  'breach.guidance': 'Vejledning til partneren',
  'breach.evidence.one': 'Bevis: 1 måling',
  'breach.evidence.other': 'Bevis: {count} målinger',
  'breach.evidenceCaption': 'Bevis for sagen {title}',
  'breach.window': 'Tidsrum',
  'breach.value': 'Målt',

  'severity.info': 'Til orientering',
  'severity.warning': 'Advarsel',
  'severity.error': 'Alvorlig',
  'severity.critical': 'Kritisk',

  'unit.calls per minute': 'kald pr. minut',
  'unit.writes per minute': 'skrivende kald pr. minut',
  'unit.ms of server time per minute': 'ms servertid pr. minut',
  'unit.full fetches': 'fulde hentninger',
};

/** @type {Record<keyof typeof da, string>} */
const en = {
  'breaches.title': 'Breaches',
  'breaches.lead': 'Cases where an integration went over a fair-use limit.',
  'breaches.empty': 'No breaches. Every integration stays within the limits.',
  'breaches.news.one': 'Show 1 new case',
  'breaches.news.other': 'Show {count} new cases',
  'breaches.announce': 'New breach: {title}',
  'breach.integration': 'Integration',
  'breach.agreement': 'Agreement',
  'breach.route': 'Route',
  'breach.since': 'Since',
  'breach.peak': 'Highest',
  'breach.threshold': 'Limit',
  'breach.meter': '{observed} observed, and the limit is {threshold}',
  'breach.resolved': 'Resolved',
  'breach.retroactive': 'Found after the fact',
  'breach.occurrence': 'Occurrence {count}',
  'breach.guidance': 'Guidance for the partner',
  'breach.evidence.one': 'Evidence: 1 measurement',
  'breach.evidence.other': 'Evidence: {count} measurements',
  'breach.evidenceCaption': 'Evidence for the case {title}',
  'breach.window': 'Window',
  'breach.value': 'Observed',

  'severity.info': 'Info',
  'severity.warning': 'Warning',
  'severity.error': 'Serious',
  'severity.critical': 'Critical',

  'unit.calls per minute': 'calls per minute',
  'unit.writes per minute': 'writes per minute',
  'unit.ms of server time per minute': 'ms of server time per minute',
  'unit.full fetches': 'full fetches',
};

export const BREACH_TEXTS = { da, en };
