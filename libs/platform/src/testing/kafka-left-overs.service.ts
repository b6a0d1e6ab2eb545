import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Ends brokers whose test run was killed with -9: they would eat memory until the machine is restarted. */

export const TEST_BROKER_PREFIX = 'taxameter-kafka-';
const OWNER = 'owner.pid';
const NODE = 'node.pid';

/** Notes that this process answers for the brokers under the folder. */
export function claimFolder(folder: string): void {
  writeFileSync(join(folder, OWNER), String(process.pid));
}

export function noteNode(folder: string, pid: number): void {
  writeFileSync(join(folder, NODE), String(pid));
}

/**
 * Ends the brokers below `parent` whose owner is gone, and removes their folders. Only a process whose command line names
 * such a folder is touched: process ids are used again.
 */
export async function discardLeftOverBrokers(parent: string): Promise<void> {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name);
    if (!name.startsWith(TEST_BROKER_PREFIX)) continue;
    const owner = pidIn(join(folder, OWNER));
    if (owner === undefined || isAlive(owner)) continue;
    const pidFiles = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
      path.endsWith(NODE),
    );
    for (const file of pidFiles) {
      const pid = pidIn(join(folder, file));
      if (pid !== undefined && (await commandOf(pid)).includes(folder)) process.kill(pid, 'SIGKILL');
    }
    await rm(folder, { recursive: true, force: true });
  }
}

function pidIn(path: string): number | undefined {
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Empty when the process is gone. */
async function commandOf(pid: number): Promise<string> {
  const { stdout } = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(
    () => ({ stdout: '' }),
  );
  return stdout;
}
