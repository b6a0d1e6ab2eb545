import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { asyncApiDocument } from '@taxameter/contracts';
import { apiDocumentOf } from '@taxameter/platform';
import { ALL_ROOMS } from '@taxameter/server';
import type { Command } from 'commander';
import type { CommandContext } from './command-context.js';
import { inJson } from './in-json.js';

/** The documents that are generated from the code: OpenAPI for the HTTP interface, AsyncAPI for the events. */

const ASYNC_API_VERSION = '1.0.0';

export function apiDocuments(): ReadonlyMap<string, string> {
  const text = (document: unknown) => `${inJson(document)}\n`;
  return new Map([
    ['openapi.json', text(apiDocumentOf(ALL_ROOMS))],
    ['asyncapi.json', text(asyncApiDocument(ASYNC_API_VERSION))],
  ]);
}

export function registerApiDocumentsCommand(program: Command, context: CommandContext): void {
  program
    .command('api-documents')
    .summary('writes the OpenAPI and AsyncAPI documents, or checks that they are up to date')
    .option('--folder <path>', 'where they are', 'docs/api')
    .option('--check', 'write nothing; exit 1 when a document differs from the code')
    .action((flags: { folder: string; check?: true }) => {
      const stale: string[] = [];
      for (const [name, text] of apiDocuments()) {
        const path = join(flags.folder, name);
        if (!flags.check) {
          mkdirSync(flags.folder, { recursive: true });
          writeFileSync(path, text);
          context.stdout.write(`${path}\n`);
        } else if (read(path) !== text) stale.push(path);
      }
      for (const path of stale)
        context.stderr.write(`${path} differs from the code: run "npm run api-documents"\n`);
      context.exit(stale.length > 0 ? 1 : 0);
    });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
