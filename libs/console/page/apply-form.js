/** The form of an application: its fields, and what they say. */
import { element } from './dom.js';
import { spokenLanguage, text } from './words.js';

/** Known scopes of the API; each that is chosen needs a reason. */
const SCOPES = ['dineropublicapi:read', 'dineropublicapi:write', 'offline_access'];

/** @param {(form: HTMLFormElement) => Promise<void>} onSend */
export function formView(onSend) {
  const send = element('button', { type: 'submit', class: 'act' }, text('apply.send'));
  const form = /** @type {HTMLFormElement} */ (
    element(
      'form',
      { class: 'decision' },
      field('name', text('apply.company'), {
        required: true,
        maxlength: '200',
        autocomplete: 'organization',
      }),
      field('cvr', text('apply.cvr'), { inputmode: 'numeric', pattern: '\\d{8}' }),
      field('email', text('apply.email'), {
        required: true,
        type: 'email',
        maxlength: '254',
        autocomplete: 'email',
      }),
      field('integrationName', text('apply.integration'), { required: true, maxlength: '200' }),
      field('purpose', text('apply.purpose'), { required: true, maxlength: '2000', rows: '4' }),
      element(
        'fieldset',
        {},
        element('legend', {}, text('apply.scopes')),
        ...SCOPES.map((scope) => field(`scope:${scope}`, scope, { maxlength: '500' })),
      ),
      field('callsPerDay', text('apply.calls'), { required: true, type: 'number', min: '0' }),
      field('smsPerMonth', text('apply.sms'), { required: true, type: 'number', min: '0' }),
      field('testDate', text('application.testDate'), { type: 'date' }),
      element('p', { class: 'problem', role: 'alert', hidden: true }),
      element('p', {}, send),
    )
  );
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    send.toggleAttribute('disabled', true);
    void onSend(form).finally(() => send.toggleAttribute('disabled', false));
  });
  return [element('p', { class: 'lead' }, text('apply.lead')), form];
}

/** @param {string} name @param {string} label @param {Record<string, string | boolean>} attributes */
function field(name, label, attributes) {
  const tag = 'rows' in attributes ? 'textarea' : 'input';
  return element('label', {}, label, element(tag, { name, ...attributes }));
}

/** What the form says, as the API takes it. @param {HTMLFormElement} form */
export function valuesOf(form) {
  const data = new FormData(form);
  // Line breaks are control characters, which no text field of the API takes.
  const value = (/** @type {string} */ name) =>
    String(data.get(name) ?? '')
      .trim()
      .replaceAll(/\s+/g, ' ');
  const scopes = SCOPES.map((scope) => ({ scope, why: value(`scope:${scope}`) })).filter(
    ({ why }) => why !== '',
  );
  return {
    integrationName: value('integrationName'),
    purpose: value('purpose'),
    scopes,
    expected: { callsPerDay: Number(value('callsPerDay')), smsPerMonth: Number(value('smsPerMonth')) },
    testDate: value('testDate') || null,
    applicant: {
      name: value('name'),
      cvr: value('cvr') || null,
      email: value('email'),
      language: spokenLanguage(),
    },
  };
}
