/** A header may have 16 KiB, of which no more than this is looked at: each character costs time. */
const MOST_READ = 1_000;

/**
 * What of a user agent leaves: it names a program, and some add the address of a person, which is cut out.
 * At most 200 characters.
 */
export function publicAgent(userAgent: string): string {
  return (
    userAgent
      .slice(0, MOST_READ)
      .replace(/[\p{Cc}\p{Cs}]/gu, '?')
      // Looked for at the beginnings of words only: from each character on, long words would be read again and again.
      .replace(/(?<![^\s@()<>;,])[^\s@()<>;,]+@[^\s@()<>;,]+/g, '(address)')
      .slice(0, 200)
      .replace(/\p{Cs}/gu, '')
  );
}
