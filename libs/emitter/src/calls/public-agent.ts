/**
 * What of a user agent leaves: it names a program, and some add the address of a person, which is cut out.
 * At most 200 characters.
 */
export function publicAgent(userAgent: string): string {
  return userAgent
    .replace(/[\p{Cc}\p{Cs}]/gu, '?')
    .replace(/[^\s@()<>;,]{1,64}@[^\s@()<>;,]{1,200}/g, '(address)')
    .slice(0, 200)
    .replace(/\p{Cs}/gu, '');
}
