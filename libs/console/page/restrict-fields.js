/** The fields of the form by which an integration is restricted; which of them are shown depends on what was chosen. */
import { element } from './dom.js';
import { choice, choices, field, selection, written } from './fields.js';
import { agreementWords } from './restriction-words.js';
import { text } from './words.js';

/** How the keys of the fields begin. */
export const FIELDS = 'restrict.';
const CAPABILITIES = /** @type {const} */ (['all', 'sms', 'reads', 'writes', 'route']);
const REASONS = /** @type {const} */ ([
  'load',
  'fetching',
  'ignores_limits',
  'sms_terms',
  'security',
  'own_request',
  'other',
]);

/**
 * @param {readonly import('./integration-reader.js').Agreement[]} agreements
 * @param {string | null} suggestion what is known of a throttle that leaves normal use alone
 * @param {() => void} change when other fields are to be shown
 * @param {() => void} onSuggest
 */
export function fieldsOf(agreements, suggestion, change, onSuggest) {
  const is = (/** @type {string} */ name, /** @type {string} */ value) => written(FIELDS + name) === value;
  const required = { required: true };
  const suggestButton = element(
    'button',
    { type: 'button', class: 'quiet', 'data-key': 'suggest' },
    text('restrict.suggest'),
  );
  suggestButton.addEventListener('click', onSuggest);
  const bothLanguages = (/** @type {'note' | 'end'} */ name, /** @type {string} */ maxlength) => [
    field(`${FIELDS}${name}Da`, text(`restrict.${name}Da`), {
      ...required,
      maxlength,
      rows: '2',
      lang: 'da',
    }),
    field(`${FIELDS}${name}En`, text(`restrict.${name}En`), {
      ...required,
      maxlength,
      rows: '2',
      lang: 'en',
    }),
  ];
  const scopes = [
    { value: 'integration', label: text('binds.everything') },
    ...(agreements.length === 0 ? [] : [{ value: 'agreements', label: text('restrict.someAgreements') }]),
  ];
  const agreementOptions = agreements.map((agreement) => ({
    value: agreement.organizationId,
    label: agreementWords(agreement),
  }));
  const modes = [
    { value: 'throttle', label: text('restrict.throttle') },
    { value: 'block', label: text('restrict.block') },
  ];
  const capabilities = CAPABILITIES.map((value) => ({ value, label: text(`capability.${value}`) }));
  const reasons = REASONS.map((value) => ({ value, label: text(`reason-${value}`) }));
  return [
    choice(`${FIELDS}scope`, text('restriction.whom'), scopes, change),
    is('scope', 'agreements') &&
      choices(`${FIELDS}agreements`, text('restrict.agreements'), agreementOptions),
    choice(`${FIELDS}mode`, text('restriction.what'), modes, change),
    is('mode', 'throttle') &&
      element(
        'div',
        { class: 'with-button' },
        field(`${FIELDS}limit`, text('restrict.limit'), {
          ...required,
          type: 'number',
          min: '1',
          max: '100000',
        }),
        suggestButton,
      ),
    is('mode', 'throttle') &&
      suggestion !== null &&
      element('p', { class: 'small', role: 'status' }, suggestion),
    selection(`${FIELDS}capability`, text('restrict.capability'), capabilities, change),
    is('capability', 'route') &&
      field(`${FIELDS}route`, text('restrict.route'), { ...required, pattern: '/\\S*', maxlength: '300' }),
    selection(`${FIELDS}reasonCode`, text('restriction.reason'), reasons, () => undefined),
    field(`${FIELDS}clause`, text('restriction.clause'), { ...required, maxlength: '100' }),
    field(`${FIELDS}breachId`, text('restrict.breach'), { maxlength: '64', pattern: '\\S*' }),
    ...bothLanguages('note', '500'),
    ...bothLanguages('end', '300'),
    field(`${FIELDS}until`, text('restrict.until'), { type: 'datetime-local' }),
    field(`${FIELDS}reason`, text('restrict.reason'), { ...required, maxlength: '500' }),
  ];
}
