import type { Mail } from '@taxameter/platform';
import type { Language } from '../alerts/notification.js';
import type { Link, Section } from './mail-words.js';

/** How a mail looks: the same as text and as HTML. Names come from outside, so that nothing of them is taken for markup. */

const MAX_SUBJECT = 200;
const HEADINGS = {
  da: {
    guidance: 'Hvad kan gøres',
    next: 'Hvad sker der nu',
    footer: 'Sendt af Taxameter, fordi nogen har tilmeldt denne adresse.',
  },
  en: {
    guidance: 'What can be done',
    next: 'What happens next',
    footer: 'Sent by Taxameter because somebody subscribed this address.',
  },
} as const;

/** @param lead what is said before the sections; null: the sections say all */
export function mailOf(
  subject: string,
  lead: string | null,
  sections: readonly Section[],
  language: Language,
): Mail {
  return {
    subject: `[Taxameter] ${plain(subject)}`.slice(0, MAX_SUBJECT),
    text: [
      ...(lead === null ? [] : [plain(lead)]),
      ...sections.map((section) => sectionText(section, language)),
      `-- \n${HEADINGS[language].footer}`,
    ].join('\n\n'),
    html:
      `<!doctype html><html lang="${language}"><head><meta charset="utf-8"><title>${escapeHtml(subject)}</title></head>` +
      '<body style="font-family:sans-serif;max-width:40em">' +
      (lead === null ? '' : `<p>${escapeHtml(lead)}</p>`) +
      sections.map((section) => sectionHtml(section, language)).join('<hr>') +
      `<p style="color:#666"><small>${HEADINGS[language].footer}</small></p></body></html>`,
  };
}

function sectionText({ title, facts, guidance, next, link }: Section, language: Language): string {
  const headings = HEADINGS[language];
  return [
    plain(title),
    facts.map(([name, value]) => `${name}: ${plain(value)}`).join('\n'),
    `${headings.guidance}: ${plain(guidance)}`,
    `${headings.next}: ${plain(next)}`,
    link.url === null ? plain(link.text) : `${plain(link.text)}: ${link.url}`,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

function sectionHtml({ title, facts, guidance, next, link }: Section, language: Language): string {
  const headings = HEADINGS[language];
  const rows = facts.map(
    ([name, value]) =>
      `<tr><th align="left" style="padding-right:1em">${escapeHtml(name)}</th><td>${escapeHtml(value)}</td></tr>`,
  );
  return (
    `<h2>${escapeHtml(title)}</h2>` +
    (rows.length === 0 ? '' : `<table>${rows.join('')}</table>`) +
    `<h3>${headings.guidance}</h3><p>${escapeHtml(guidance)}</p>` +
    `<h3>${headings.next}</h3><p>${escapeHtml(next)}</p>` +
    `<p>${linkHtml(link)}</p>`
  );
}

function linkHtml({ text, url }: Link): string {
  return url === null ? escapeHtml(text) : `<a href="${escapeHtml(url)}">${escapeHtml(text)}</a>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

export function escapeHtml(text: string): string {
  return plain(text).replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

/** Without what forges lines or turns the direction of writing. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]+/gu, ' ');
}
