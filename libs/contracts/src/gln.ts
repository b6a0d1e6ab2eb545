/** GLN, in Denmark EAN-lokationsnummer: where an e-invoice is delivered. */

/**
 * Whether a GLN can be right: thirteen digits, the last of which is the check digit of the twelve before it, weighted 1, 3, 1, 3 …
 * from the left (GS1 General Specifications 7.9). Peppol refuses others (PEPPOL-COMMON-R040).
 */
export function isPlausibleGln(gln: string): boolean {
  if (!/^\d{13}$/.test(gln)) return false;
  const sum = Array.from(gln).reduce(
    (total, digit, index) => total + Number(digit) * (index % 2 === 0 ? 1 : 3),
    0,
  );
  return sum % 10 === 0;
}
