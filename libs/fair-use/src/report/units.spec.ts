import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isKnownUnit, quantity } from './quantity.js';

const RULES_FOLDER = join(import.meta.dirname, '../rules');
const PAGE_TEXTS = join(import.meta.dirname, '../../../console/page/breach-texts.js');

/** The units that rules name, as they stand in their sources. */
function unitsOfRules(): string[] {
  const sources = readdirSync(RULES_FOLDER).filter(
    (name) => name.endsWith('.ts') && !name.includes('.spec.'),
  );
  return sources.flatMap((name) =>
    [...readFileSync(join(RULES_FOLDER, name), 'utf8').matchAll(/unit: '([^']+)'/g)].map(([, unit]) => unit!),
  );
}

it.each(unitsOfRules())('"%s" has its words in the report and on the page', (unit) => {
  expect(isKnownUnit(unit)).toBe(true);
  expect(readFileSync(PAGE_TEXTS, 'utf8')).toContain(`'unit.${unit}'`);
});

it('says one of a thing in the singular', () => {
  expect(quantity(1, 'small pages')).toEqual({ da: '1 lille side', en: '1 small page' });
  expect(quantity(2, 'small pages')).toEqual({ da: '2 små sider', en: '2 small pages' });
  expect(quantity(1000, 'ms of server time per minute').en).toBe('1 second of server time per minute');
  expect(quantity(21, 'refused calls').da).toBe('21 afviste kald');
});
