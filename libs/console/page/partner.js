/** The page of one partner: asks for everything every minute, and shows each section by itself. */
import { place, replaceContent } from './dom.js';
import { createFeed, SignedOut } from './feeds.js';
import { readPartner } from './partner-reader.js';
import { contactsView, historyView, integrationsView, masterDataView } from './partners-view.js';
import { clock, drawTexts, rememberedLanguage, speak, spokenLanguage, text } from './words.js';

const REFRESH_MS = 60_000;

const partnerId = decodeURIComponent(location.pathname.split('/').at(-1) ?? '');
const feed = createFeed(() => readPartner(partnerId));
let isSignedOut = false;

function draw() {
  const { state, value, at, reason } = feed;
  const problem = isSignedOut
    ? text('partner.signedOut')
    : state === 'absent'
      ? text('partner.missing')
      : reason && text(`failed.${reason.kind}`, { status: String(reason.status || '?') });
  place('problem').hidden = !problem;
  place('problem').textContent = problem ?? '';
  place('partner').hidden = !value;
  if (!value) return;
  const { partner, contacts } = value;
  place('name').textContent = partner.name;
  document.title = `${partner.name} – Taxameter`;
  place('as-of').textContent = at ? text('asOf', { time: clock(at) }) : '';
  replaceContent(place('data'), masterDataView(partner));
  replaceContent(place('integrations'), integrationsView(value));
  replaceContent(place('contacts'), contactsView(contacts));
  replaceContent(place('history'), historyView(value));
}

function drawLanguage() {
  drawTexts();
  place('language').textContent = text('otherLanguage');
  place('language').lang = spokenLanguage() === 'da' ? 'en' : 'da';
  draw();
}

async function beat() {
  if (!document.hidden) {
    try {
      await feed.refresh();
      isSignedOut = false;
    } catch (error) {
      if (!(error instanceof SignedOut)) throw error;
      isSignedOut = true;
    }
    draw();
  }
  setTimeout(() => void beat(), REFRESH_MS);
}

place('language').addEventListener('click', () => {
  speak(spokenLanguage() === 'da' ? 'en' : 'da');
  drawLanguage();
});

speak(rememberedLanguage());
drawLanguage();
await beat();
