/** The body of a batch, from the lines of a segment: JSON never holds a raw line feed, so each one is a comma. */

const LINE_FEED = 0x0a;
const COMMA = 0x2c;

/** A JSON array of the lines. @param content whole lines, each ended by a line feed, at least one */
export function bodyOf(content: Uint8Array): Uint8Array<ArrayBuffer> {
  const body = new Uint8Array(content.length + 1);
  body[0] = 0x5b;
  for (let index = 0; index < content.length; index += 1) {
    body[index + 1] = content[index] === LINE_FEED ? COMMA : content[index]!;
  }
  body[content.length] = 0x5d;
  return body;
}

/** How much of a file is whole lines: a process that was killed while it wrote leaves a torn one at the end. */
export function wholeLines(content: Uint8Array): { readonly bytes: number; readonly lines: number } {
  let lines = 0;
  for (const byte of content) if (byte === LINE_FEED) lines += 1;
  return { bytes: content.lastIndexOf(LINE_FEED) + 1, lines };
}

/** The lines, without their line feeds. */
export function linesOf(content: Uint8Array): string[] {
  return new TextDecoder().decode(content).split('\n').slice(0, -1);
}

/** Two halves by lines. @param content at least two lines */
export function halvesOf(content: Uint8Array): [Uint8Array, Uint8Array] {
  const half = Math.floor(wholeLines(content).lines / 2);
  let seen = 0;
  const cut = content.findIndex((byte) => byte === LINE_FEED && (seen += 1) === half) + 1;
  return [content.subarray(0, cut), content.subarray(cut)];
}
