/** Whether a CVR number can be right: weights 2, 7, 6, 5, 4, 3, 2, 1, sum divisible by 11 (domain 2.5). */

const WEIGHTS = [2, 7, 6, 5, 4, 3, 2, 1];

/** False asks for confirmation, no more: a wrong number must not stop a partner from being recorded. */
export function isPlausibleCvr(cvr: string): boolean {
  if (!/^\d{8}$/.test(cvr)) return false;
  return WEIGHTS.reduce((sum, weight, index) => sum + weight * Number(cvr[index]), 0) % 11 === 0;
}
