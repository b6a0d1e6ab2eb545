// Proves that the house rules of eslint.config.js hold: each forbidden text is refused, its allowed twin passes.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

interface LintMessage {
  readonly ruleId: string | null;
  readonly message: string;
}

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const DIRECTIONS = 'boundaries/dependencies';
const PURE_IMPORT = '@typescript-eslint/no-restricted-imports';
const SYNTAX = 'no-restricted-syntax';
const TOO_MANY_LINES = `export function long(): void {\n${'  void 0;\n'.repeat(71)}}\n`;

/** Title, path, text, and the rule that refuses it. */
const FORBIDDEN: readonly (readonly [string, string, string, string])[] = [
  ['a domain imports another domain', 'libs/billing/src/a.ts', "import '@taxameter/metering';", DIRECTIONS],
  [
    'a domain knows a type of another domain',
    'libs/billing/src/a.ts',
    "import type { Counter } from '@taxameter/metering';\nexport type A = Counter;",
    DIRECTIONS,
  ],
  [
    'a domain loads another domain while it runs',
    'libs/billing/src/a.service.ts',
    "export const a = import('@taxameter/metering');",
    DIRECTIONS,
  ],
  [
    'a domain passes another domain on',
    'libs/billing/src/index.ts',
    "export { MeteringModule } from '@taxameter/metering';",
    DIRECTIONS,
  ],
  ['the contracts import platform', 'libs/contracts/src/a.ts', "import '@taxameter/platform';", DIRECTIONS],
  ['platform imports a domain', 'libs/platform/src/a.service.ts', "import '@taxameter/billing';", DIRECTIONS],
  [
    'the emitter imports platform',
    'libs/emitter/src/a.service.ts',
    "import '@taxameter/platform';",
    DIRECTIONS,
  ],
  ['a library imports a process', 'libs/billing/src/a.module.ts', "import '@taxameter/server';", DIRECTIONS],
  [
    'a process imports another process',
    'services/standalone/src/main.ts',
    "import '@taxameter/service-billing';",
    DIRECTIONS,
  ],
  [
    'a relative import leaves its package',
    'libs/billing/src/invoice/a.ts',
    "import { count } from '../../../metering/src/count.js';\nexport const a = count;",
    'house/within-package',
  ],
  [
    'a relative import leaves libs for the root',
    'libs/billing/src/a.service.ts',
    "import config from '../../../jest.config.js';\nexport const a = config;",
    'house/within-package',
  ],
  [
    'a file imports the door of its own package',
    'libs/billing/src/a.ts',
    "export { b } from './index.js';",
    'no-restricted-imports',
  ],
  ['a domain speaks Kafka itself', 'libs/metering/src/a.service.ts', "import 'kafkajs';", DIRECTIONS],
  ['a process speaks Kafka itself', 'services/server/src/a.ts', "import 'kafkajs';", DIRECTIONS],
  ['a domain speaks to pg itself', 'libs/metering/src/a.service.ts', "import 'pg';", DIRECTIONS],
  ['a domain other than billing draws a PDF', 'libs/metering/src/a.pdf.ts', "import 'pdfkit';", DIRECTIONS],
  [
    'fair-use draws something else than the report of a case',
    'libs/fair-use/src/rules/a.pdf.ts',
    "import 'pdfkit';",
    DIRECTIONS,
  ],
  [
    'the report of a case is drawn in a file that does not say so',
    'libs/fair-use/src/report/a.service.ts',
    "import 'pdfkit';",
    DIRECTIONS,
  ],
  [
    'the report of a case is drawn with the fonts of invoices',
    'libs/fair-use/src/report/a.pdf.ts',
    "import '@taxameter/billing';",
    DIRECTIONS,
  ],
  ['platform reads fonts', 'libs/platform/src/a.service.ts', "import 'fontkit';", DIRECTIONS],
  [
    'the command line is parsed outside a command',
    'libs/metering/src/a.service.ts',
    "import 'commander';",
    'no-restricted-imports',
  ],
  [
    'the test harness is used outside a spec',
    'libs/metering/src/a.service.ts',
    "import '@taxameter/platform/testing';",
    'no-restricted-imports',
  ],
  [
    'a pure file imports Nest',
    'libs/billing/src/a.ts',
    "import { Injectable } from '@nestjs/common';\nexport const a = Injectable;",
    PURE_IMPORT,
  ],
  [
    'a pure file imports TypeORM as a value',
    'libs/billing/src/a.ts',
    "import { EntityManager } from 'typeorm';\nexport const a = EntityManager;",
    PURE_IMPORT,
  ],
  [
    'a pure file imports a part of node',
    'libs/contracts/src/a.ts',
    "import { readFileSync } from 'node:fs';\nexport const a = readFileSync;",
    PURE_IMPORT,
  ],
  [
    'a pure file of platform imports Nest',
    'libs/platform/src/event-log/a.ts',
    "import { Logger } from '@nestjs/common';\nexport const a = Logger;",
    PURE_IMPORT,
  ],
  ['a pure file loads a module', 'libs/billing/src/a.ts', "export const a = import('./b.js');", SYNTAX],
  [
    'a pure file asks Date.now',
    'libs/billing/src/a.ts',
    'export const a = Date.now();',
    'no-restricted-properties',
  ],
  [
    'a pure file hands Date.now on',
    'libs/billing/src/a.ts',
    'export const a = Date.now;',
    'no-restricted-properties',
  ],
  ['a pure file makes a Date of now', 'libs/billing/src/a.ts', 'export const a = new Date();', SYNTAX],
  [
    'a pure file throws dice',
    'libs/fair-use/src/a.ts',
    'export const a = Math.random();',
    'no-restricted-properties',
  ],
  [
    'a pure file draws an id',
    'libs/billing/src/a.ts',
    'export const a = crypto.randomUUID();',
    'no-restricted-properties',
  ],
  ['a pure file waits', 'libs/emitter/src/a.ts', 'setTimeout(() => undefined, 1);', 'no-restricted-globals'],
  [
    'a pure file calls the network',
    'libs/emitter/src/a.ts',
    "export const a = fetch('/');",
    'no-restricted-globals',
  ],
  [
    'a pure file touches the process',
    'libs/billing/src/a.ts',
    'process.exitCode = 1;',
    'no-restricted-globals',
  ],
  [
    'a service reads the environment',
    'libs/billing/src/a.service.ts',
    'export const a = process.env.A;',
    SYNTAX,
  ],
  [
    'a service takes the environment apart',
    'libs/billing/src/a.service.ts',
    'export const { env } = process;',
    SYNTAX,
  ],
  [
    'a service imports the environment',
    'libs/billing/src/a.service.ts',
    "export { a };\nimport { env } from 'node:process';\nconst a = env.A;",
    SYNTAX,
  ],
  [
    'a process reads the environment',
    'services/server/src/main.ts',
    'export const a = process.env.A;',
    SYNTAX,
  ],
  [
    'a value is written into a text that becomes a statement',
    'libs/billing/src/a.service.ts',
    'export const a = (tx: any, id: string) => {\n  const sql = `select ${id}`;\n  return tx.query(sql);\n};',
    'house/sql-by-parameters',
  ],
  [
    'a value is written into the text of a statement',
    'libs/billing/src/a.service.ts',
    'export const a = (tx: any, id: string) => tx.query(`select 1 from invoice where id = ${id}`);',
    'house/sql-by-parameters',
  ],
  [
    'a statement is added up from strings',
    'libs/billing/src/a.service.ts',
    "export const a = (tx: any, id: string) => tx.query('select 1 from invoice where id = ' + id);",
    'house/sql-by-parameters',
  ],
  [
    'a condition of a query builder holds a value',
    'libs/billing/src/a.service.ts',
    'export const a = (rows: any, id: string) => rows.where(`id = ${id}`);',
    'house/sql-by-parameters',
  ],
  [
    'a migration makes a float column',
    'libs/billing/src/a.migration.ts',
    'export const a = (tx: any) => tx.query(`create table invoice (total double precision)`);',
    SYNTAX,
  ],
  [
    'an entity has a float column',
    'libs/billing/src/a.entity.ts',
    "export const a = { type: 'real' };",
    SYNTAX,
  ],
  [
    'two modules need each other',
    'libs/billing/src/a.module.ts',
    "import { forwardRef } from '@nestjs/common';\nexport const a = forwardRef;",
    SYNTAX,
  ],
  [
    'a spec replaces a module',
    'libs/billing/src/a.spec.ts',
    "jest.mock('./a.js');",
    'no-restricted-properties',
  ],
  ['a test is focused', 'libs/billing/src/a.spec.ts', "it.only('counts', () => undefined);", SYNTAX],
  [
    'a type is imported as a value',
    'libs/billing/src/a.ts',
    "import { Price } from './price.js';\nexport type A = Price;",
    '@typescript-eslint/consistent-type-imports',
  ],
  ['a function has more than 70 lines', 'libs/billing/src/a.ts', TOO_MANY_LINES, 'max-lines-per-function'],
];

const ALLOWED: readonly (readonly [string, string, string])[] = [
  [
    'a domain imports contracts and platform',
    'libs/billing/src/a.service.ts',
    "import '@taxameter/contracts';\nimport '@taxameter/platform';",
  ],
  ['platform imports contracts', 'libs/platform/src/a.service.ts', "import '@taxameter/contracts';"],
  ['the emitter imports contracts', 'libs/emitter/src/a.ts', "import '@taxameter/contracts';"],
  ['the image imports domains', 'services/server/src/rooms.ts', "import '@taxameter/billing';"],
  ['a process imports the image', 'services/billing/src/main.ts', "import '@taxameter/server';"],
  ['a relative import stays inside', 'libs/billing/src/invoice/a.ts', "export { b } from '../price/b.js';"],
  ['platform speaks Kafka and pg', 'libs/platform/src/a.service.ts', "import 'kafkajs';\nimport 'pg';"],
  ['billing draws a PDF', 'libs/billing/src/a.pdf.ts', "import 'pdfkit';\nimport 'fontkit';"],
  ['fair-use draws the report of a case', 'libs/fair-use/src/report/a.pdf.ts', "import 'pdfkit';"],
  ['a command parses the command line', 'libs/emitter/src/a.command.ts', "import 'commander';"],
  ['a spec uses the test harness', 'libs/billing/src/a.spec.ts', "import '@taxameter/platform/testing';"],
  [
    'a pure file knows the type of a transaction',
    'libs/billing/src/a.ts',
    "import type { EntityManager } from 'typeorm';\nexport type A = EntityManager;",
  ],
  [
    'a pure file makes a Date of a moment it was given',
    'libs/billing/src/a.ts',
    'export const a = (now: number) => new Date(now);',
  ],
  [
    'a service may use Nest and the clock of the machine',
    'libs/platform/src/a.service.ts',
    "import { Injectable } from '@nestjs/common';\nexport const a = [Injectable, Date.now()];",
  ],
  [
    'an injected class stays a value import in a decorated file',
    'libs/billing/src/a.service.ts',
    [
      "import { Injectable } from '@nestjs/common';",
      "import { Prices } from './prices.service.js';",
      '@Injectable()',
      'export class Invoices {',
      '  constructor(readonly prices: Prices) {}',
      '}',
    ].join('\n'),
  ],
  [
    'the configuration reads the environment',
    'libs/platform/src/configuration.service.ts',
    'export const a = process.env.A;',
  ],
  [
    'a statement takes its values as parameters',
    'libs/billing/src/a.service.ts',
    'export const a = (tx: { query(sql: string, values: string[]): void }) =>\n  tx.query(`select $1`, [`${1}`]);',
  ],
  [
    'constants of the code stand in a statement',
    'libs/billing/src/a.service.ts',
    [
      "import { TABLES } from './tables.js';",
      "const COLUMNS = 'id, total';",
      'const SELECT = `select ${COLUMNS} from ${TABLES.invoice}`;',
      'export const a = (tx: { query(sql: string, values: string[]): void }, id: string) =>',
      '  tx.query(`${SELECT} where id = $1`, [id]);',
    ].join('\n'),
  ],
  [
    'a migration makes a column of whole numbers and names its schema',
    'libs/billing/src/a.migration.ts',
    'export const a = (tx: { query(sql: string): void }, schema: string) =>\n  tx.query(`create table ${schema}.invoice (total bigint)`);',
  ],
];

describe('the lint rules of the house', () => {
  let answers: readonly (readonly LintMessage[])[];

  // One child lints all texts: starting ESLint costs two seconds, a text a few milliseconds.
  beforeAll(() => {
    const texts = [...FORBIDDEN, ...ALLOWED].map(([, path, text]) => ({ path, text: `${text}\n` }));
    const child = spawnSync(process.execPath, ['lint/lint-texts.mjs'], {
      cwd: ROOT,
      input: JSON.stringify(texts),
      encoding: 'utf8',
    });
    if (child.status !== 0) throw new Error(`lint-texts.mjs failed: ${child.stderr}`);
    answers = JSON.parse(child.stdout) as LintMessage[][];
  });

  it.each(FORBIDDEN.map(([title, , , rule], index) => ({ title, rule, index })))(
    'refuse it when $title',
    ({ rule, index }) => {
      expect(answers[index]?.map((message) => message.ruleId)).toContain(rule);
    },
  );

  it.each(ALLOWED.map(([title], index) => ({ title, index: FORBIDDEN.length + index })))(
    'say nothing when $title',
    ({ index }) => {
      expect(answers[index]).toEqual([]);
    },
  );
});
