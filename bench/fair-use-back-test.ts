/** What FU3 measures: a policy against history. */

export interface History {
  readonly databaseUrl: string;
  /** Whole minutes since 1970, UTC; `toMinute` itself not included. */
  readonly fromMinute: number;
  readonly toMinute: number;
}

/**
 * Judges all minutes of the history by the policy in force, by the signals alone.
 * @returns how many cases would have opened
 */
export type BackTest = (history: History) => Promise<{ readonly cases: number }>;

/** Fair-use has none yet; until it has, FU3 is left out of the table and only its yardstick is measured. */
export const backTest: BackTest | null = null;
