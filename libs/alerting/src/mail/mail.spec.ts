import type { Breach } from '@taxameter/contracts';
import { sampleBreach } from '../alerts/notification.js';
import type { BreachNews, LeakNews } from '../news/news.js';
import { mailOf } from './mail.js';
import { sectionOf, testSection } from './mail-words.js';

const NOW = new Date('2026-10-05T08:00:00Z');
const PAGES = 'https://taxameter.example';
const breach: Breach = {
  ...sampleBreach('error', NOW),
  breachId: 'br_1',
  scope: { integrationId: 'isv_a', organizationId: '148383', route: 'GET /v1/contacts' },
  observed: { ...sampleBreach('error', NOW).observed, value: 1234.5 },
  guidance: { da: 'Spred kaldene ud.', en: 'Spread the calls.' },
};
const news = (more: Partial<Breach> = {}): BreachNews => ({
  kind: 'breach',
  news: 'opened',
  sequence: 1,
  alertId: 'alr_1',
  time: NOW,
  breach: { ...breach, ...more },
});
const mail = (language: 'da' | 'en', more: Partial<Breach> = {}, pages: string | null = PAGES) => {
  const section = sectionOf(news(more), language, pages);
  return mailOf(section.title, null, [section], language);
};

describe('a mail about a breach', () => {
  it('says in Danish what, who, since when, how much, what to do, where to look and what happens next', () => {
    const { subject, text, html } = mail('da');
    expect(subject).toBe('[Taxameter] Alvorligt: isv_a bryder reglen RATE_MINUTE (målt 1.234,5, grænse 70)');
    for (const part of [
      'Regel: RATE_MINUTE',
      'Aftale: 148383',
      'Rute: GET /v1/contacts',
      'Siden: 5. oktober 2026 kl. 10.00 (dansk tid)',
      'Målt: 1.234,5 kald i minuttet',
      'Grænse: 70',
      'Hvad kan gøres: Spred kaldene ud.',
      'Hvad sker der nu: Sagen står åben',
      'Se mere: https://taxameter.example/sager/br_1',
    ])
      expect(text).toContain(part);
    expect(html).toContain('<html lang="da">');
    expect(html).toContain('<a href="https://taxameter.example/sager/br_1">');
  });

  it('says it in English', () => {
    const { subject, text } = mail('en');
    expect(subject).toContain('Serious: isv_a breaks the rule RATE_MINUTE');
    expect(text).toContain('Since: 5 October 2026 at 10:00 (Danish time)');
    expect(text).toContain('Measured: 1,234.5 calls per minute');
    expect(text).toContain('What can be done: Spread the calls.');
  });

  it('names the alert where nobody said at which address the pages are', () => {
    const { text, html } = mail('da', {}, null);
    expect(text).toContain('Se GET /v1/alerts/alr_1');
    expect(html).not.toContain('<a ');
  });

  it('shows a unit that it does not know as it is', () => {
    expect(mail('da', { observed: { ...breach.observed, unit: 'toString' } }).text).toContain(
      '1.234,5 toString',
    );
  });

  it.each(['<script>alert(1)</script>', '"><img src=x onerror=alert(1)>', "'&amp;<b>", '\u202egnp.exe'])(
    'takes nothing of the name %j for markup',
    (name) => {
      const scope = { integrationId: name, organizationId: name, route: name };
      const guidance = { da: name, en: name };
      const { html, text } = mail('da', { scope, guidance, ruleId: name, breachId: name });
      const tags = new Set([...html.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map(([, tag]) => tag));
      for (const tag of ['script', 'img', 'b']) expect(tags).not.toContain(tag);
      expect(html).not.toMatch(/onerror=[^&]*"/);
      expect(`${html}${text}`).not.toContain('\u202e');
    },
  );

  it('has a subject of one line and a bounded length', () => {
    const scope = { ...breach.scope, integrationId: `x\r\nBcc: a@b.dk ${'y'.repeat(500)}` };
    const { subject } = mail('da', { scope });
    expect(subject).not.toMatch(/[\r\n]/);
    expect(subject.length).toBeLessThanOrEqual(200);
  });
});

it('a mail about a leak says which block lets how many calls through', () => {
  const leak: LeakNews = {
    kind: 'leak',
    news: 'opened',
    sequence: 2,
    alertId: 'alr_2',
    time: NOW,
    leak: {
      episode: 1,
      state: 'open',
      resolution: null,
      observed: {
        restrictionId: 'rst_1',
        integrationId: 'isv/a',
        version: 1,
        since: NOW.toISOString(),
        until: null,
        refused: 1_000,
        letThrough: 2,
        firstLetThroughAt: NOW.toISOString(),
        lastLetThroughAt: NOW.toISOString(),
        lastCallAt: NOW.toISOString(),
      },
    },
  };
  const section = sectionOf(leak, 'da', PAGES);
  const { text } = mailOf(section.title, null, [section], 'da');
  for (const part of [
    'spærringen rst_1 af isv/a er utæt (2 kald sluppet igennem)',
    'Afvist: 1.000',
    'https://taxameter.example/integrationer/isv%2Fa',
  ])
    expect(text).toContain(part);
});

it('a test says that it is one', () => {
  const section = testSection(sampleBreach('error', NOW), 'da');
  const { subject, text } = mailOf(section.title, null, [section], 'da');
  expect(subject).toContain('[Taxameter] Test.');
  expect(text).toContain('Dette er en test');
});
