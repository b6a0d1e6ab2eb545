/**
 * Whether a CVR number can be right: eight digits that satisfy the modulus 11 check (domain 2.5).
 */

const WEIGHTS = [2, 7, 6, 5, 4, 3, 2, 1];

/** False means "have it confirmed", not "refuse": neither OIOUBL nor Peppol checks it. */
export function cvrChecksOut(cvr: string): boolean {
  if (!/^\d{8}$/.test(cvr)) return false;
  const sum = WEIGHTS.reduce((total, weight, index) => total + weight * Number(cvr[index]), 0);
  return sum % 11 === 0;
}
