/** Sends a decision on an application. */
import { command } from './commands.js';
import { text } from './words.js';

/**
 * @param {import('./readers.js').Application} application as the reader saw it: one that has changed since is not decided
 * @param {string} move
 * @param {{ note: string, integrationId: string }} given
 * @returns {Promise<string | null>} why it was refused, or null
 */
export async function decide({ applicationId, version }, move, { note, integrationId }) {
  if (move === 'accept' && integrationId === '') return text('decision.needsClientId');
  if (move !== 'accept' && note === '') return text('decision.needsNote');
  // Line breaks are control characters, which no text field of the API takes.
  const words = note.replaceAll(/\s+/g, ' ');
  const body = move === 'accept' ? { integrationId, version } : { note: words, version };
  const outcome = await command(`/v1/applications/${encodeURIComponent(applicationId)}/${move}`, body);
  return outcome.isDone ? null : outcome.words;
}
