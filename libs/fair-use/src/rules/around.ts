/**
 * What rules may ask of an integration outside their window. It is read only where such a rule has something to judge, and settling a
 * case takes nothing out of it: what is usual stays so.
 */
export interface Around {
  /**
   * Agreements on which a call was served in the 168 hours before the hour of the minute judged, or in that hour up to the minute. Not
   * those of which all calls were refused: anybody can name agreements that do not exist.
   */
  readonly activeAgreements: number;
  /** SMS of the integration, for all agreements together, in the hour that ends with a minute. */
  readonly smsOfHour: (minute: number) => number;
}

/** Nothing was done but what is in the window. */
export const NOTHING_AROUND: Around = { activeAgreements: 0, smsOfHour: () => 0 };
