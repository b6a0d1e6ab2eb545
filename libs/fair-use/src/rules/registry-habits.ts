import { ALWAYS_READ } from './inputs.js';
import { judgeConcurrency } from './concurrency.js';
import { hasRepeats, judgeDuplicateReads } from './duplicate-reads.js';
import { judgeIgnores429, minutesForWaits } from './ignores-429.js';
import { judgeIgnoresBlock } from './ignores-block.js';
import { FEWEST_RECORDS, judgeNPlusOne, minutesForReads, recordsOf } from './n-plus-one.js';
import type { Rule } from './registry.js';
import { judgeSmallPages } from './small-pages.js';

/** The rules about how an integration reads and waits. Part of `registry.ts`. */

const READS = [...ALWAYS_READ, 'data.route', 'data.method', 'data.operation'];

export const REGISTERED_HABITS: readonly Rule[] = [
  {
    id: 'IGNORES_429',
    title: { da: 'Kalder videre efter et 429', en: 'Goes on calling after a 429' },
    key: ['integration', 'agreement'],
    inputs: [...ALWAYS_READ, 'data.durationMs', 'data.retryAfterSec'],
    signals: 'pairs',
    windowMinutes: minutesForWaits,
    isMonotone: true,
    judge: judgeIgnores429,
  },
  {
    id: 'CONCURRENCY',
    title: { da: 'For mange kald på én gang', en: 'Too many calls at once' },
    key: ['integration', 'agreement'],
    inputs: [...ALWAYS_READ, 'data.durationMs'],
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.CONCURRENCY.windowMinutes,
    isMonotone: true,
    judge: judgeConcurrency,
  },
  {
    id: 'N_PLUS_ONE',
    title: { da: 'Henter en listes poster én for én', en: 'Fetches the records of a list one by one' },
    key: ['integration', 'agreement', 'route'],
    inputs: [...READS, 'data.resourceHash'],
    signals: 'routes',
    windowMinutes: minutesForReads,
    isMonotone: false,
    canCarry: (row) => recordsOf(row) >= FEWEST_RECORDS,
    judge: judgeNPlusOne,
  },
  {
    id: 'SMALL_PAGES',
    title: { da: 'Bladrer i små sider', en: 'Reads a list in small pages' },
    key: ['integration', 'agreement', 'route'],
    inputs: [...READS, 'data.query.page', 'data.query.pageSize'],
    signals: 'routes',
    windowMinutes: (policy) => policy.rules.SMALL_PAGES.windowMinutes,
    isMonotone: true,
    judge: judgeSmallPages,
  },
  {
    id: 'DUPLICATE_READS',
    title: { da: 'Henter det samme igen og igen', en: 'Fetches the same again and again' },
    key: ['integration', 'agreement', 'route'],
    inputs: [...READS, 'data.queryHash', 'data.resourceHash', 'data.responseHash'],
    signals: 'routes',
    windowMinutes: (policy) => policy.rules.DUPLICATE_READS.windowMinutes,
    isMonotone: false,
    canCarry: hasRepeats,
    judge: judgeDuplicateReads,
  },
  {
    id: 'IGNORES_BLOCK',
    title: { da: 'Kalder videre under en spærring', en: 'Goes on calling while blocked' },
    key: ['integration', 'agreement'],
    inputs: ALWAYS_READ,
    signals: 'pairs',
    windowMinutes: (policy) => policy.rules.IGNORES_BLOCK.windowMinutes,
    isMonotone: true,
    judge: judgeIgnoresBlock,
  },
];
