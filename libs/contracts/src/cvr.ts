/** CVR numbers: how Denmark numbers its companies. */

const WEIGHTS = [2, 7, 6, 5, 4, 3, 2, 1];

/**
 * Whether a CVR number can be right: eight digits whose weighted sum is divisible by 11. False means "have it confirmed", not
 * "refuse": neither OIOUBL nor Peppol checks it, and a wrong digit must not stop a partner from being recorded.
 */
export function isPlausibleCvr(cvr: string): boolean {
  if (!/^\d{8}$/.test(cvr)) return false;
  return WEIGHTS.reduce((sum, weight, index) => sum + weight * Number(cvr[index]), 0) % 11 === 0;
}
