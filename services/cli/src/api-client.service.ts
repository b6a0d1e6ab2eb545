import type { LocalAccess } from './local-access.service.js';

/** The HTTP API refused or did not answer; the message is a sentence for a person. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

/** Calls a route of a running Taxameter. @throws ApiError with the `detail` of the problem that it answered */
export async function callApi<Answer>(
  access: LocalAccess,
  method: string,
  path: string,
  body?: unknown,
): Promise<Answer> {
  const response = await fetchFrom(access, method, path, body);
  return (await response.json()) as Answer;
}

export async function downloadFrom(access: LocalAccess, path: string): Promise<Uint8Array> {
  const response = await fetchFrom(access, 'GET', path);
  return new Uint8Array(await response.arrayBuffer());
}

async function fetchFrom(
  access: LocalAccess,
  method: string,
  path: string,
  body?: unknown,
): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(access.url + path, {
      method,
      headers: {
        authorization: `Bearer ${access.token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(
      `no Taxameter answers at ${access.url}: start one with "npm start", or give --url and --token`,
      0,
    );
  }
  if (response.ok) return response;
  const problem = (await response.json().catch(() => ({}))) as { detail?: string };
  throw new ApiError(
    `${method} ${path}: ${problem.detail ?? response.statusText} (${response.status})`,
    response.status,
  );
}
