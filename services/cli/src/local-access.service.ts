import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/**
 * How the commands find the Taxameter that runs on this machine: `npm start` leaves its address and a token of its own in a
 * file that only this user can read. The file is removed when it stops; the token is
 * revoked by the next start, and ends after 30 days.
 */
export interface LocalAccess {
  readonly url: string;
  readonly token: string;
}

const FILE = 'local-access.json';

/** The demo's folder stands beside the real one: inside it, it would be a foreign file in a database folder. */
export function demoFolderOf(folder: string): string {
  return `${resolve(folder)}-demo`;
}

export function writeLocalAccess(folder: string, access: LocalAccess): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, FILE);
  rmSync(path, { force: true });
  writeFileSync(path, `${JSON.stringify(access)}\n`, { mode: 0o600 });
}

/** null when nothing runs here, or it was killed before it could write. */
export function readLocalAccess(folder: string): LocalAccess | null {
  try {
    const { url, token } = JSON.parse(readFileSync(join(folder, FILE), 'utf8')) as Partial<LocalAccess>;
    return url !== undefined && token !== undefined ? { url, token } : null;
  } catch {
    return null;
  }
}

export function removeLocalAccess(folder: string): void {
  rmSync(join(folder, FILE), { force: true });
}
