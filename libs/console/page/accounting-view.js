/** Shows that every event read is accounted for, per part of the system and topic. */
import { element, table } from './dom.js';
import { unexplained } from './readers.js';
import { counted, number, text, textIfKnown } from './words.js';

/** @param {import('./readers.js').Accounting} value */
export function accountingView({ accounts, waiting }) {
  if (accounts.length === 0) return [element('p', { class: 'empty' }, text('accounting.empty'))];
  const columns = [
    { title: text('accounting.topic') },
    { title: text('accounting.room') },
    ...['read', 'counted', 'duplicate', 'quarantined', 'ignored', 'lag'].map((name) => ({
      title: textIfKnown(`accounting.${name}`) ?? name,
      isNumber: true,
    })),
    { title: text('accounting.verdict') },
  ];
  const rows = accounts.map((account) => [
    element('code', {}, account.topic),
    textIfKnown(`room.${account.room}`) ?? account.room,
    number(account.read),
    quietZero(account.counted),
    quietZero(account.duplicate),
    quietZero(account.quarantined),
    quietZero(account.ignored),
    quietZero(account.lag),
    verdict(unexplained(account)),
  ]);
  return [
    element(
      'p',
      { class: `conclusion ${isWrong(accounts) ? 'conclusion-wrong' : ''}` },
      conclusion(accounts),
    ),
    table(text('accounting.caption'), columns, rows),
    waiting > 0 && element('p', { class: 'small' }, counted('accounting.outbox', waiting)),
  ];
}

/** @param {readonly import('./readers.js').Account[]} accounts */
function isWrong(accounts) {
  return accounts.some((account) => unexplained(account) !== 0);
}

/** @param {readonly import('./readers.js').Account[]} accounts */
function conclusion(accounts) {
  const differing = accounts.filter((account) => unexplained(account) !== 0).length;
  if (differing > 0) return counted('accounting.someDiffer', differing);
  const lag = accounts.reduce((sum, account) => sum + account.lag, 0);
  return lag > 0 ? counted('accounting.allAddLag', lag) : text('accounting.allAdd');
}

/** @param {number} difference */
function verdict(difference) {
  return difference === 0
    ? element(
        'span',
        { class: 'adds' },
        element('span', { 'aria-hidden': 'true' }, '✓ '),
        text('accounting.adds'),
      )
    : element('span', { class: 'differs' }, text('accounting.differs', { count: number(difference) }));
}

/** @param {number} value */
function quietZero(value) {
  return value === 0 ? element('span', { class: 'faint' }, number(0)) : number(value);
}
