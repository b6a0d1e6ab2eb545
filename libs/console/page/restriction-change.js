/** Ends a restriction now, or gives it another end or limit. */
import { actionForm } from './action-form.js';
import { command, refused } from './commands.js';
import { instantOfDanish } from './danish-time.js';
import { element } from './dom.js';
import { field, written, writtenInOneLine } from './fields.js';
import { text } from './words.js';

/** @typedef {import('./integration-reader.js').OpenRestriction} OpenRestriction */
/** @typedef {import('./action-form.js').Settle} Settle */
/** @typedef {import('./commands.js').Outcome} Outcome */

/** @param {OpenRestriction} restriction @param {Settle} settle */
export function liftView({ restrictionId, version, phase }, settle) {
  const key = `lift-${restrictionId}`;
  const isPlanned = phase === 'planned';
  const words = text(isPlanned ? 'lift.cancel' : 'lift.now');
  return folded(
    key,
    words,
    actionForm(
      key,
      [reasonField(key)],
      [
        {
          label: words,
          done: text(isPlanned ? 'done.cancelled' : 'done.lifted'),
          send: () => command(`${placeOf(restrictionId)}/lift`, { ...reasonOf(key), version }),
        },
      ],
      settle,
    ),
  );
}

/** A later end of a block is asked for where a second person is needed. @param {OpenRestriction} restriction @param {Settle} settle */
export function changeView({ restrictionId, integrationId, version, mode }, settle) {
  const key = `change-${restrictionId}`;
  const isThrottle = mode === 'throttle';
  const change = () => {
    const until = endOf(key);
    const limit = written(`${key}-limit`);
    if (until === undefined && limit === '') return refused(text('change.nothing'));
    const given = {
      ...(until !== undefined && { until }),
      ...(limit !== '' && { limitPerMinute: Number(limit) }),
    };
    return command(`${placeOf(restrictionId)}/change`, { ...given, ...reasonOf(key), version });
  };
  const extend = () => {
    const until = endOf(key);
    if (until === undefined) return refused(text('change.nothing'));
    const request = { kind: 'extension', restrictionId, until };
    return command('/v1/approvals', { integrationId, request, ...reasonOf(key) });
  };
  return folded(
    key,
    text('change.open'),
    actionForm(
      key,
      [
        field(`${key}-until`, text('change.until'), { type: 'datetime-local' }),
        isThrottle &&
          field(`${key}-limit`, text('change.limit'), { type: 'number', min: '1', max: '100000', step: '1' }),
        reasonField(key),
      ],
      [
        { label: text('change.save'), done: text('done.changed'), send: async () => change() },
        {
          label: text('change.endless'),
          done: text('done.changed'),
          isQuiet: true,
          send: () => command(`${placeOf(restrictionId)}/change`, { until: null, ...reasonOf(key), version }),
        },
      ],
      settle,
      [{ label: text('second.ask'), done: text('done.asked'), send: async () => extend() }],
    ),
  );
}

/** The end that was written, by Danish clocks; undefined where none was. @param {string} key */
function endOf(key) {
  return instantOfDanish(written(`${key}-until`)) ?? undefined;
}

/** @param {string} restrictionId */
function placeOf(restrictionId) {
  return `/v1/restrictions/${encodeURIComponent(restrictionId)}`;
}

/** @param {string} key */
function reasonField(key) {
  return field(`${key}-reason`, text('form.reason'), { required: true, maxlength: '500' });
}

/** @param {string} key */
function reasonOf(key) {
  return { reason: writtenInOneLine(`${key}-reason`) };
}

/** @param {string} key @param {string} words @param {HTMLElement} content */
function folded(key, words, content) {
  return element(
    'details',
    { 'data-key': `${key}-details` },
    element('summary', { 'data-key': `${key}-summary` }, words),
    content,
  );
}
