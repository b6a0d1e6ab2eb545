/**
 * An expected refusal, answered as RFC 9457 problem details. `code` is stable and documented; `detail` is one sentence that
 * says what to do. Anything else that is thrown is a surprise and answered as 500 without its message.
 */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    /** Extension members, such as `errors: [{ field, reason }]`. */
    readonly extensions: Readonly<Record<string, unknown>> = {},
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(detail);
  }

  toBody(): Record<string, unknown> {
    const title = TITLES[this.status] ?? 'Error';
    return {
      type: `urn:taxameter:problem:${this.code}`,
      title,
      status: this.status,
      detail: this.detail,
      ...this.extensions,
    };
  }
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  401: 'Not signed in',
  403: 'Not allowed',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  410: 'Gone',
  413: 'Too large',
  415: 'Unsupported media type',
  422: 'Cannot be processed',
  429: 'Too many requests',
  500: 'Internal error',
  503: 'Not available now',
  504: 'No answer in time',
};

/** Where input broke its schema: a path such as `data.status` or `query.limit`. */
export interface FieldError {
  readonly field: string;
  readonly reason: string;
}

export function invalidInput(errors: readonly FieldError[]): Problem {
  const first = errors[0];
  const where = first ? `${first.field || 'the body'}: ${first.reason}` : 'the input breaks its schema';
  return new Problem(400, 'invalid-input', where, { errors });
}

export function notFound(what: string): Problem {
  return new Problem(404, 'not-found', `there is no ${what}`);
}
