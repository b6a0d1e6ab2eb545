/** What to do with an error that came out of a transaction (design: three kinds of failure, three treatments). */
export type Failure =
  /** the data is bad: SQLSTATE class 22 (data exception) or 23 (integrity): find the event and quarantine it */
  | 'bad_data'
  /** trouble outside: the database is away, a deadlock, out of space: try again */
  | 'trouble_outside'
  /** a broken invariant of ours: stop loudly */
  | 'broken';

const TROUBLE_CLASSES = new Set(['08', '40', '53', '55', '57', '58']);
const TROUBLE_CODES = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ECONNABORTED',
  // read-only: the other end of a failover
  '25006',
  '25P03',
]);
/** What pg and its pool say without a code. */
const TROUBLE_WORDS =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|not queryable|server closed the connection/i;

export function failureOf(error: unknown): Failure {
  const { code, message, driverError } = error as {
    code?: unknown;
    message?: unknown;
    driverError?: unknown;
  };
  if (typeof code === 'string') {
    if (/^(22|23)[0-9A-Z]{3}$/.test(code)) return 'bad_data';
    if (TROUBLE_CODES.has(code) || (/^[0-9A-Z]{5}$/.test(code) && TROUBLE_CLASSES.has(code.slice(0, 2)))) {
      return 'trouble_outside';
    }
  }
  if (typeof message === 'string' && TROUBLE_WORDS.test(message)) return 'trouble_outside';
  return driverError !== undefined && driverError !== error ? failureOf(driverError) : 'broken';
}
