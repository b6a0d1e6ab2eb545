import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The built command line and services as child processes, as a person starts them. */

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A folder under the system's temporary one that the embedded PostgreSQL can enter, whichever account it runs as. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `taxameter-${name}-`));
  chmodSync(folder, 0o711);
  return folder;
}

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when stdout or stderr holds the text; rejects when the process ends before. */
  shows(text: string | RegExp): Promise<string>;
}

export function taxameter(args: readonly string[], env: Record<string, string> = {}): Running {
  return run(['services/cli/dist/main.js', ...args], env);
}

/** The process of one room, as a container starts it; it shows `NAME on http://…` when it listens. */
export function service(name: string, env: Record<string, string>): Running {
  return run([`services/${name}/dist/main.js`], env);
}

/** An example, as its README says to start it. */
export function example(path: string, env: Record<string, string>): Running {
  return run([`examples/dist/${path}`], env);
}

function run(words: readonly string[], env: Record<string, string>): Running {
  const child = spawn(process.execPath, words, {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], LOG_LEVEL: 'fatal', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const finished = new Promise<Finished>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  const shows = async (text: string | RegExp): Promise<string> => {
    for (;;) {
      const all = stdout + stderr;
      if (typeof text === 'string' ? all.includes(text) : text.test(all)) return all;
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`ended without showing ${String(text)}:\n${all}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, finished, shows };
}
