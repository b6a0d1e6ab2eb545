import type { RestrictionObserved } from '@taxameter/contracts';
import { describeEffect } from './describe-effect.js';

const observed: RestrictionObserved = {
  restrictionId: 'rst_1',
  integrationId: 'isv_a',
  version: 3,
  since: '2026-10-05T05:43:00.000Z',
  until: null,
  refused: 812,
  letThrough: 0,
  firstLetThroughAt: null,
  lastLetThroughAt: null,
  lastCallAt: '2026-10-05T07:00:00.000Z',
};

describe('whether a block works', () => {
  it('is said of one that has refused calls and let none through', () => {
    expect(describeEffect(observed)).toEqual({
      da: 'Virker: 0 kald sluppet igennem siden 5. oktober 2026 kl. 07.43, 812 afvist.',
      en: 'Works: 0 calls let through since 5 October 2026 at 07:43, 812 refused.',
    });
  });

  it('is not said of one that nobody has called against, nor of one that is not measured', () => {
    expect(describeEffect({ ...observed, refused: 0 }).da).toBe(
      '0 kald sluppet igennem siden 5. oktober 2026 kl. 07.43, men integrationen har heller ikke kaldt.',
    );
    expect(describeEffect(null).da).not.toContain('Virker');
  });

  it('is denied as soon as one call was let through, however many were refused', () => {
    const at = '2026-10-05T06:15:00.000Z';
    const leaking = { ...observed, letThrough: 1, firstLetThroughAt: at, lastLetThroughAt: at };
    expect(describeEffect(leaking)).toEqual({
      da: 'Virker ikke: 1 kald sluppet igennem siden 5. oktober 2026 kl. 07.43, senest 5. oktober 2026 kl. 08.15.',
      en: 'Does not work: 1 call let through since 5 October 2026 at 07:43, last 5 October 2026 at 08:15.',
    });
  });
});
