import type { Wish } from '../news/news.js';
import { wishFaults } from './check-wish.js';

const wish: Wish = {
  kinds: ['breach', 'leak'],
  minSeverity: 'info',
  rules: null,
  integrationIds: null,
  organizationIds: null,
};

describe('a wish', () => {
  it.each<[Partial<Wish>, string[]]>([
    [{}, []],
    [{ rules: ['RATE_DAY'], organizationIds: ['42'] }, []],
    [{ kinds: ['breach', 'breach_resolved'], minSeverity: 'critical' }, []],
    [{ kinds: ['leak'] }, []],
    [{ rules: ['RATE_DAY', 'RATE_YEAR'] }, ['rules.1 unknown_rule']],
    [{ rules: ['toString'] }, ['rules.0 unknown_rule']],
    [{ kinds: ['breach_resolved', 'leak'] }, ['kinds resolved_needs_breach']],
    [{ kinds: ['leak'], rules: ['RATE_DAY'] }, ['rules narrows_nothing']],
    [{ kinds: ['leak'], organizationIds: ['42'] }, ['organizationIds narrows_nothing']],
    [{ kinds: ['leak'], minSeverity: 'critical' }, ['minSeverity leaks_are_errors']],
  ])('%j has the faults %j', (more, faults) => {
    expect(wishFaults({ ...wish, ...more }).map(({ field, rule }) => `${field} ${rule}`)).toEqual(faults);
  });
});
