/** CVR numbers: how Denmark numbers its companies. */

const WEIGHTS = [2, 7, 6, 5, 4, 3, 2, 1];

/**
 * Whether a CVR number can be right: eight digits whose weighted sum is divisible by 11. Neither OIOUBL nor Peppol checks it, so
 * whoever takes it in must; one that was recorded long ago is a warning and stops no invoice.
 */
export function isPlausibleCvr(cvr: string): boolean {
  if (!/^\d{8}$/.test(cvr)) return false;
  return WEIGHTS.reduce((sum, weight, index) => sum + weight * Number(cvr[index]), 0) % 11 === 0;
}
