/** The largest body of any route; about 2,000 events of the contract (0.9 kB each). */
export const MAX_BODY_BYTES = 2 * 1024 * 1024;
