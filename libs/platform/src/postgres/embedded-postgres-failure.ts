/**
 * Owns the words with which the embedded PostgreSQL refuses to start: one sentence, what is wrong and what
 * to do.
 */

/** The embedded PostgreSQL cannot start; the message is one sentence for the person at the terminal. */
export class PostgresStartError extends Error {
  override readonly name = 'PostgresStartError';
}

const WAY_OUT = 'or set DATABASE_URL to a PostgreSQL server of your own';

/** Turns any error met while starting in `folder` into one sentence; a sentence of ours passes unchanged. */
export function startErrorFrom(error: unknown, folder: string): PostgresStartError {
  if (error instanceof PostgresStartError) return error;
  // By its shape: an error of the file system need not be an instance of this realm's Error.
  const { code = '', message = String(error) } = (error ?? {}) as { code?: unknown; message?: string };
  return new PostgresStartError(sentenceForCode(String(code), folder) ?? sentenceForOutput(message, folder), {
    cause: error,
  });
}

function sentenceForCode(code: string, folder: string): string | undefined {
  switch (code) {
    case 'EACCES':
    case 'EPERM':
      return (
        `The database folder ${folder} may not be read or written by this user: ` +
        `give the user the right, choose another folder, ${WAY_OUT}.`
      );
    case 'EROFS':
      return `The database folder ${folder} is on a read-only disk: choose another folder, ${WAY_OUT}.`;
    case 'ENOSPC':
    case 'EDQUOT':
      return noSpace(folder);
    case 'ENOTDIR':
    case 'EEXIST':
      return `${folder}, or a folder above it, is a file: choose another database folder, ${WAY_OUT}.`;
    default:
      return undefined;
  }
}

/**
 * One sentence for what initdb or the server printed before it gave up; `output` is in English (locale C).
 */
export function sentenceForOutput(output: string, folder: string): string {
  if (/No space left on device|Disk quota exceeded/.test(output)) return noSpace(folder);
  if (/Read-only file system/.test(output)) return sentenceForCode('EROFS', folder) ?? '';
  if (/database files are incompatible with server/.test(output)) {
    return (
      `The database folder ${folder} was made by another version of PostgreSQL: ` +
      `start the version of Taxameter that made it and export its data, or choose another folder.`
    );
  }
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const cause =
    lines.findLast((line) => /(FATAL|PANIC|error):/i.test(line)) ?? lines.at(-1) ?? 'no reason given';
  const reason = cause.replace(/^.*?(?:FATAL|PANIC|error):\s*/i, '').trim();
  return `The embedded PostgreSQL in ${folder} did not start (${reason}): see server.log there, ${WAY_OUT}.`;
}

function noSpace(folder: string): string {
  return (
    `No space is left on the disk of the database folder ${folder}: ` +
    `free at least 200 MB, or choose another folder.`
  );
}
