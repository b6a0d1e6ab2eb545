/**
 * A segment is lines of JSON, each ended by a comma and a line feed: cut off the last comma and it is the inside of a JSON array, so
 * a batch is sent as it lies on disk.
 */

export const LINE_END = ',\n';
const LINE_FEED = 0x0a;

/** A JSON array of the lines. @param content whole lines, at least one */
export function bodyOf(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(content.length);
  body[0] = 0x5b;
  body.set(content.subarray(0, content.length - LINE_END.length), 1);
  body[content.length - 1] = 0x5d;
  return body;
}

/** How much of a file is whole lines: a process that was killed while it wrote leaves a torn one at the end. */
export function wholeLines(content: Uint8Array): { readonly bytes: number; readonly lines: number } {
  let lines = 0;
  for (const byte of content) if (byte === LINE_FEED) lines += 1;
  return { bytes: content.lastIndexOf(LINE_FEED) + 1, lines };
}

/** The lines, without their ends. */
export function linesOf(content: Uint8Array): string[] {
  return new TextDecoder().decode(content).split(LINE_END).slice(0, -1);
}

/** Two halves by lines. @param content at least two lines */
export function halvesOf(content: Uint8Array): [Uint8Array, Uint8Array] {
  const half = Math.floor(wholeLines(content).lines / 2);
  let seen = 0;
  const cut = content.findIndex((byte) => byte === LINE_FEED && (seen += 1) === half) + 1;
  return [content.subarray(0, cut), content.subarray(cut)];
}
