// `npm run e2e -- NAME`: the tests across processes, all or the one with that name.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const names = readdirSync(new URL('.', import.meta.url))
  .filter((file) => file.endsWith('.spec.ts'))
  .map((file) => file.slice(0, -'.spec.ts'.length));
const [name, ...rest] = process.argv.slice(2);
if (rest.length > 0 || (name !== undefined && !names.includes(name))) {
  console.error(`npm run e2e -- NAME, where NAME is one of ${names.join(', ')}; without a name: all`);
  process.exit(2);
}
const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));
const pattern = name === undefined ? 'e2e/' : `e2e/${name}\\.spec`;
const { status } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--no-warnings', jest, '--selectProjects=e2e', '--testPathPatterns', pattern],
  { stdio: 'inherit' },
);
process.exit(status ?? 1);
