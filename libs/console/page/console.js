/**
 * The page: signs in, asks for everything every five seconds, listens for new breaches, and shows each section by itself.
 */
import { accountingView } from './accounting-view.js';
import { applicationsView, refusalSignature } from './applications-view.js';
import { breachesView, titleOf } from './breaches-view.js';
import { element, place, redraw } from './dom.js';
import { createFeed, signIn, SignedOut } from './feeds.js';
import { invoicesView } from './invoices-view.js';
import { drawLanguage, speakBothLanguages } from './languages.js';
import { partnersView } from './partners-view.js';
import {
  readAccounting,
  readApplications,
  readBreaches,
  readInvoices,
  readPartners,
  readUsage,
} from './readers.js';
import { tilesView } from './tiles-view.js';
import { usageView } from './usage-view.js';
import { clock, counted, spokenLanguage, text } from './words.js';

const REFRESH_MS = 5_000;

const feeds = {
  usage: createFeed(readUsage),
  breaches: createFeed(readBreaches),
  applications: createFeed(readApplications),
  invoices: createFeed(readInvoices),
  partners: createFeed(readPartners),
  accounting: createFeed(readAccounting),
};

/** Breaches in front of the reader: a new one must not push down what is being read. @type {Set<string>} */
const shown = new Set();
let hasShownBreaches = false;
/** @type {Set<string>} */
const announced = new Set();
/** @type {'unknown' | 'in' | 'out'} */
let session = 'unknown';
/** @type {EventSource | null} */
let stream = null;

const views = {
  usage: () => usageView(feeds.usage.value),
  breaches: () => feeds.breaches.value && breachesView(feeds.breaches.value, shown),
  applications: () => feeds.applications.value && applicationsView(feeds.applications.value, afterDecision),
  invoices: () => feeds.invoices.value && invoicesView(feeds.invoices.value),
  partners: () => feeds.partners.value && partnersView(feeds.partners.value),
  accounting: () => feeds.accounting.value && accountingView(feeds.accounting.value),
};

function drawAll() {
  place('sign-in').hidden = session !== 'out';
  place('overview').hidden = session !== 'in';
  place('sections').hidden = session !== 'in';
  admitBreaches();
  draw(place('tiles'), tileSignature(), () => tilesView(feeds));
  for (const name of /** @type {(keyof typeof feeds)[]} */ (Object.keys(feeds))) drawSection(name);
  drawNews();
  drawLive();
}

/** @param {keyof typeof feeds} name */
function drawSection(name) {
  const { state, value, at, reason } = feeds[name];
  const section = place(name);
  section.classList.toggle('absent', state === 'absent');
  const asOf = section.querySelector('.heading .as-of');
  if (asOf) asOf.textContent = at && state !== 'absent' ? text('asOf', { time: clock(at) }) : '';
  const body = section.querySelector('.body');
  if (!body) return;
  const time = state === 'failed' && at ? clock(at) : '';
  const more = { breaches: () => [...shown], applications: refusalSignature };
  const own = name in more ? more[/** @type {keyof typeof more} */ (name)]() : null;
  const signature = JSON.stringify([state, value, reason, time, own]);
  draw(body, signature, () => sectionBody(name));
}

/** @param {keyof typeof feeds} name */
function sectionBody(name) {
  const { state, at, reason } = feeds[name];
  if (state === 'loading') return skeleton();
  if (state === 'absent') return [element('p', { class: 'empty' }, text('absent'))];
  const words = reason && reasonWords(reason);
  if (at === null) return [element('p', { class: 'problem', role: 'alert' }, words)];
  const problem = words && text('stale', { time: clock(at), reason: words });
  return [problem && element('p', { class: 'problem' }, problem), ...(views[name]() || [])];
}

/** What was decided leaves the list; a refusal shows at once. */
function afterDecision() {
  drawAll();
  void feeds.applications
    .refresh()
    .then(drawAll)
    .catch(() => undefined);
}

/** @param {import('./feeds.js').Reason} reason */
function reasonWords({ kind, status }) {
  return text(`failed.${kind}`, { status: String(status || '?') });
}

function skeleton() {
  return [1, 2, 3].map(() => element('div', { class: 'waiting line', 'aria-hidden': 'true' }));
}

function tileSignature() {
  return JSON.stringify(
    [feeds.usage, feeds.breaches, feeds.invoices].map(({ state, value, at }) => [
      state,
      value,
      at && clock(at),
    ]),
  );
}

/** @param {Element} where @param {string} signature @param {() => import('./dom.js').Child[]} view */
function draw(where, signature, view) {
  redraw(where, `${spokenLanguage()} ${signature}`, view);
}

/** The first list is shown whole; after that, new cases wait for the reader, unless he has none before him. */
function admitBreaches() {
  const list = feeds.breaches.value?.breaches;
  if (!list) return;
  if (!hasShownBreaches || shown.size === 0) {
    for (const { breachId } of list) {
      shown.add(breachId);
      if (!hasShownBreaches) announced.add(breachId);
    }
  }
  hasShownBreaches = true;
}

function drawNews() {
  const value = feeds.breaches.value;
  const waiting = value?.breaches.filter(({ breachId }) => !shown.has(breachId)) ?? [];
  const button = place('breach-news');
  button.hidden = waiting.length === 0;
  const words = waiting.length === 0 ? '' : counted('breaches.news', waiting.length);
  if (button.textContent !== words) button.textContent = words;
  const unheard = value?.breaches.filter(({ breachId }) => !announced.has(breachId)) ?? [];
  for (const { breachId } of unheard) announced.add(breachId);
  const [newest] = unheard;
  if (newest && value) {
    place('announcement').textContent = text('breaches.announce', { title: titleOf(newest, value.titles) });
  }
}

function showNews() {
  for (const { breachId } of feeds.breaches.value?.breaches ?? []) shown.add(breachId);
  drawAll();
  const heading = place('breaches-title');
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  heading.scrollIntoView({ block: 'nearest' });
}

function drawLive() {
  const isAway = Object.values(feeds).every(({ reason }) => reason?.kind === 'network');
  const isLive = stream?.readyState === EventSource.OPEN;
  const state = isAway ? 'away' : isLive ? 'on' : 'off';
  place('live').hidden = session !== 'in';
  place('live').dataset['state'] = state;
  const words = text(`live.${state}`);
  if (place('live-words').textContent !== words) place('live-words').textContent = words;
}

/** Each part is drawn as soon as it has answered: a slow one holds up no other. */
async function refresh() {
  // While nobody is signed in, one question is enough to notice that somebody has opened the link in another tab.
  const asked = session === 'in' ? Object.values(feeds) : [feeds.accounting];
  try {
    await Promise.all(asked.map((feed) => feed.refresh().then(drawWhenIn)));
    if (session !== 'in') await enter();
  } catch (error) {
    if (!(error instanceof SignedOut)) throw error;
    session = 'out';
    stream?.close();
    stream = null;
  }
  drawAll();
}

function drawWhenIn() {
  if (session === 'in') drawAll();
}

async function enter() {
  session = 'in';
  place('sign-in-problem').hidden = true;
  listen();
  drawAll();
  await refresh();
}

function listen() {
  stream?.close();
  stream = new EventSource('/v1/alerts/stream');
  const hear = () =>
    void feeds.breaches
      .refresh()
      .then(drawAll)
      .catch(() => undefined);
  stream.addEventListener('breach', hear);
  stream.addEventListener('open', drawLive);
  stream.addEventListener('error', drawLive);
}

/** The secret leaves the address before anything else happens, so that it stays in no history. */
async function useSetupLink() {
  const setup = new URLSearchParams(location.hash.slice(1)).get('setup');
  if (setup === null) return;
  history.replaceState(null, '', location.pathname);
  const outcome = await signIn(setup);
  const problem = place('sign-in-problem');
  problem.hidden = outcome === 'signed-in';
  problem.dataset['text'] = outcome === 'used' ? 'signIn.used' : 'failed.network';
  drawLanguage();
}

async function beat() {
  if (!document.hidden) await refresh().catch(() => undefined);
  setTimeout(() => void beat(), REFRESH_MS);
}

place('breach-news').addEventListener('click', showNews);
window.addEventListener('hashchange', () => void useSetupLink().then(refresh));
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) void refresh().catch(() => undefined);
});

speakBothLanguages(drawAll);
await useSetupLink();
await beat();
