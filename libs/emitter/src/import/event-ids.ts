import type { LoggedCall } from '../formats/logged-call.js';

/**
 * Decides the id of an imported call: the same file gives the same ids, so a second import counts nothing
 * twice, and two identical lines are two calls.
 */

export type IdOf = (call: LoggedCall, shiftMs: number) => string;

/**
 * With a request id, the id is made of it and of what the call was, so the same call in two overlapping
 * files is one call. Without, it is a hash of all calls of the file up to this one: a log that has grown
 * keeps the ids of its old lines, which a hash of the whole file would not, and no line equals an earlier
 * one. Only fields that the event carries in clear go in, so an address cannot be guessed back from an id.
 * The shift is part of it, for `time` must repeat with the id.
 */
export function makeIdOf(digest: (text: string) => string): IdOf {
  let chain = '';
  return (call, shiftMs) => {
    const { timeMs, method, status, durationMs, responseBytes } = call;
    const facts = [timeMs, method, status, durationMs, responseBytes].join(' ');
    chain = digest(`${chain} ${facts}`);
    const identity = call.requestId === null ? `line ${chain}` : `request ${call.requestId} ${facts}`;
    return digest(`${identity} ${shiftMs}`).slice(0, 32);
  };
}
