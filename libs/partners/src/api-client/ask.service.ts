/** Asks a running Taxameter over its HTTP API, for the commands that people run. */

export interface Api {
  /** Base address, `http://127.0.0.1:3000`. */
  readonly url: string;
  readonly token: string;
}

/** Taxameter refused or did not answer; the message is a sentence that says what to do. */
export class ApiFailed extends Error {
  override readonly name = 'ApiFailed';

  constructor(
    message: string,
    /** Null: there was no answer. */
    readonly status: number | null,
    /** The problem details (RFC 9457) that were answered, where there were any. */
    readonly problem: unknown = null,
  ) {
    super(message);
  }
}

const TIMEOUT_MS = 30_000;
const PAGE = 500;

/** @throws ApiFailed unless it is answered with success and JSON */
export async function ask<Answer>(api: Api, method: string, path: string, body?: unknown): Promise<Answer> {
  const { response, text } = await send(api, method, path, body);
  const answer = jsonOf(text);
  if (response.ok && answer !== null) return answer as Answer;
  throw refusal(api, `${method} ${path}`, response.status, answer);
}

/** An answer as it is written, such as CSV. @throws ApiFailed unless it is answered with success */
export async function askText(api: Api, path: string): Promise<string> {
  const { response, text } = await send(api, 'GET', path);
  if (response.ok) return text;
  throw refusal(api, `GET ${path}`, response.status, jsonOf(text));
}

/** Every item of a list, page by page. @throws ApiFailed */
export async function* askPages<Item>(api: Api, path: string): AsyncGenerator<Item> {
  let cursor: string | null = null;
  do {
    const query = new URLSearchParams({ limit: String(PAGE), ...(cursor === null ? {} : { cursor }) });
    const page: { items: Item[]; nextCursor: string | null } = await ask(api, 'GET', `${path}?${query}`);
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

async function send(api: Api, method: string, path: string, body?: unknown) {
  try {
    const response = await fetch(new URL(path.slice(1), api.url.endsWith('/') ? api.url : `${api.url}/`), {
      method,
      headers: {
        authorization: `Bearer ${api.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      // A redirect would carry the token to another address.
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { response, text: await response.text() };
  } catch (error) {
    throw new ApiFailed(
      `cannot reach Taxameter at ${api.url} (${reasonOf(error)}): is it running there?`,
      null,
    );
  }
}

function refusal(api: Api, what: string, status: number, answer: unknown): ApiFailed {
  if (status === 401) {
    return new ApiFailed(
      `${api.url} does not know the token (401): give a valid one with --token`,
      status,
      answer,
    );
  }
  const detail = (answer as { detail?: unknown } | null)?.detail;
  if (status === 403) {
    return new ApiFailed(`${api.url} knows the token but it may not do this (403)`, status, answer);
  }
  const said = typeof detail === 'string' ? detail : 'no answer of Taxameter: is --url its address?';
  return new ApiFailed(`${what} was answered ${status}: ${said}`, status, answer);
}

function jsonOf(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause as { code?: string; message?: string } | undefined;
  return cause?.code ?? cause?.message ?? error.message;
}
