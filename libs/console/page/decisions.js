/** Sends a decision on an application: the only thing that the page writes. */
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
  try {
    const response = await fetch(`/v1/applications/${encodeURIComponent(applicationId)}/${move}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID() },
      body: JSON.stringify(body),
    });
    if (response.ok) return null;
    if (response.status === 409) return text('decision.conflict', { detail: await detailOf(response) });
    return text('decision.refused', { detail: await detailOf(response) });
  } catch {
    return text('failed.network');
  }
}

/** @param {Response} response */
async function detailOf(response) {
  const { detail } = await response.json().catch(() => ({}));
  return String(detail ?? response.status);
}
