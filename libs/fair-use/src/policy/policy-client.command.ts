/** Policies over HTTP as their commands use them. */

export interface PolicyDoor {
  readonly url: string;
  readonly token: string;
}

/** Refused or failed: the message is the server's sentence, and `problems` has a line for each thing that is wrong. */
export class PolicyNotTaken extends Error {
  constructor(
    message: string,
    readonly problems: readonly string[] = [],
  ) {
    super(message);
  }
}

const REQUEST_TIMEOUT_MS = 60_000;

/** @throws PolicyNotTaken */
export async function askPolicies(
  { url, token }: PolicyDoor,
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<string> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  }).catch((cause: unknown) => {
    throw new PolicyNotTaken(`Taxameter does not answer at ${url}: is it running?`, [
      ...(cause instanceof Error && cause.name === 'TimeoutError' ? ['it took longer than a minute'] : []),
    ]);
  });
  const text = await response.text();
  if (response.ok) return text;
  const { detail, errors } = problemOf(text);
  const problems = (errors ?? []).map(({ field, reason }) => `${field}: ${reason}`);
  throw new PolicyNotTaken(detail ?? `status ${response.status}`, problems.length > 1 ? problems : []);
}

interface ProblemBody {
  readonly detail?: string;
  readonly errors?: readonly { readonly field: string; readonly reason: string }[];
}

function problemOf(text: string): ProblemBody {
  try {
    return JSON.parse(text) as ProblemBody;
  } catch {
    return {};
  }
}
