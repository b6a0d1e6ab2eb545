import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './command-line.js';

/** `npm run faults` takes minutes; that it can run, and that its mutants still fit the code, shows here. */

interface Mutant {
  readonly name: string;
  readonly fault: string;
  readonly edits: readonly { readonly file: string; readonly replace: string; readonly by: string }[];
}

const table = (name: string) => import(new URL(`faults/${name}.mjs`, import.meta.url).href);
const { FAULTS } = (await table('faults')) as { FAULTS: readonly { readonly name: string }[] };
const { MUTANTS } = (await table('mutants')) as { MUTANTS: readonly Mutant[] };

const faults = (...args: string[]) =>
  spawnSync(process.execPath, ['e2e/faults/run.mjs', ...args], { cwd: ROOT, encoding: 'utf8' });

describe('npm run faults', () => {
  it.each(MUTANTS)('has a mutant $name that changes one place of the code as it is', ({ edits, fault }) => {
    expect(FAULTS.map(({ name }) => name)).toContain(fault);
    for (const { file, replace, by } of edits) {
      const parts = readFileSync(join(ROOT, file), 'utf8').split(replace);
      expect([file, parts.length]).toEqual([file, 2]);
      expect(by).not.toBe(replace);
    }
  });

  it('has a mutant for each fault but the start', () => {
    const caught = new Set(MUTANTS.map(({ fault }) => fault));
    const without = FAULTS.map(({ name }) => name).filter((name) => !caught.has(name));
    expect(without).toEqual(['start']);
  });

  it('lists its faults and mutants', () => {
    const { status, stdout } = faults('--list');
    const names = [...FAULTS, ...MUTANTS].map(({ name }) => name);
    expect([status, names.filter((name) => !stdout.includes(name))]).toEqual([0, []]);
  });

  it.each([[['--rounds', 'many']], [['--rounds', '0']], [['--only', 'nothing']], [['--loud']]])(
    'refuses %j with its help',
    (args) => {
      const { status, stderr } = faults(...args);
      expect([status, stderr]).toEqual([2, expect.stringContaining('--rounds N')]);
    },
  );
});
