import { changesBetween } from './basis.js';
import type { Basis } from './basis.js';

const BASIS: Basis = {
  partners: { par_a: 1 },
  integrations: { isv_a: 3 },
  agreements: { 'isv_a|1': 1 },
  ledger: { isv_a: 10 },
  nextOffsets: { 0: 5 },
};

describe('changes between preview and approval', () => {
  it('are none when only offsets moved', () => {
    expect(changesBetween(BASIS, { ...BASIS, nextOffsets: { 0: 9, 1: 2 } })).toEqual([]);
  });

  it('name what changed, what came and what went', () => {
    const now = {
      ...BASIS,
      partners: {},
      integrations: { isv_a: 4, isv_b: 1 },
      ledger: { isv_a: 10, isv_b: 1 },
    };
    expect(changesBetween(BASIS, now)).toEqual([
      { what: 'partner', id: 'par_a', seen: 1, now: null },
      { what: 'integration', id: 'isv_a', seen: 3, now: 4 },
      { what: 'integration', id: 'isv_b', seen: null, now: 1 },
      { what: 'ledger', id: 'isv_b', seen: null, now: 1 },
    ]);
  });
});
