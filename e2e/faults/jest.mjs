import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A broker's slowest round takes about a minute. A run over its limit is ended and counts as crashed. */
const LIMIT_PER_ROUND_MS = 3 * 60_000;

/**
 * Runs the specs of a fault in a tree. `crashed`: the specs could not be run, which says nothing about the fault.
 * @returns {Promise<{ passed: number, failed: number, crashed: boolean, output: string }>}
 */
export async function runJest(tree, fault, rounds, seed, events = 0) {
  const folder = mkdtempSync(join(tmpdir(), 'taxameter-faults-'));
  const report = join(folder, 'report.json');
  const { KAFKA_BROKERS: _othersBroker, ...environment } = process.env;
  const child = spawn(
    process.execPath,
    [
      ...[
        '--experimental-vm-modules',
        '--no-warnings',
        'node_modules/jest/bin/jest.js',
        `--selectProjects=${fault.project ?? 'rooms'}`,
      ],
      ...['--testPathPatterns', fault.specs, '--forceExit', '--json', '--outputFile', report],
      ...(fault.tests === '' ? [] : ['-t', fault.tests]),
      ...['--globals', JSON.stringify({ FAULT_ROUNDS: rounds, FAULT_SEED: seed, FAULT_EVENTS: events })],
    ],
    {
      cwd: tree,
      env: { ...environment, KAFKA_FAULTS: '1', CI: 'true' },
      stdio: ['ignore', 'ignore', 'pipe'],
      timeout: LIMIT_PER_ROUND_MS * (rounds + 1) + 2 * events,
    },
  );
  let output = '';
  child.stderr.on('data', (chunk) => (output += chunk));
  await new Promise((resolve) => child.on('close', resolve));
  try {
    const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites } = JSON.parse(
      readFileSync(report, 'utf8'),
    );
    return { passed: numPassedTests, failed: numFailedTests, crashed: numRuntimeErrorTestSuites > 0, output };
  } catch {
    return { passed: 0, failed: 0, crashed: true, output };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
