const pageFile = (name: string) => import(new URL(`../page/${name}`, import.meta.url).href);

const { instantOfDanish } = (await pageFile('danish-time.js')) as {
  instantOfDanish: (wallClock: string) => string | null;
};
const { termsOf, askingForLimit } = (await pageFile('restriction-terms.js')) as {
  termsOf: (
    written: (name: string) => string,
    organizationIds: readonly string[],
    breachId: string | null,
  ) => Record<string, unknown>;
  askingForLimit: (terms: Record<string, unknown>) => Record<string, unknown>;
};

describe('Danish wall-clock time', () => {
  it.each([
    ['2026-07-01T12:30', '2026-07-01T10:30:00.000Z'],
    ['2026-12-31T23:59', '2026-12-31T22:59:00.000Z'],
    ['2026-10-25T01:59', '2026-10-24T23:59:00.000Z'],
    ['2026-10-25T02:30', '2026-10-25T01:30:00.000Z'],
    ['2026-10-25T03:00', '2026-10-25T02:00:00.000Z'],
    ['2027-03-28T01:59', '2027-03-28T00:59:00.000Z'],
    ['2027-03-28T02:30', '2027-03-28T01:30:00.000Z'],
    ['2027-03-28T03:00', '2027-03-28T01:00:00.000Z'],
  ])('%s is %s, wherever the reader is', (wallClock, instant) => {
    expect(instantOfDanish(wallClock)).toBe(instant);
  });

  it('that was not filled in is no instant', () => {
    expect(instantOfDanish('')).toBeNull();
  });
});

describe('the form of a restriction', () => {
  const filled: Record<string, string> = {
    scope: 'agreements',
    mode: 'throttle',
    limit: '60',
    capability: 'route',
    route: '/v1/{organizationId}/contacts',
    reasonCode: 'load',
    clause: 'Punkt 4',
    noteDa: 'Hold igen',
    noteEn: 'Slow down',
    endDa: 'Når det er rettet',
    endEn: 'When it is mended',
    until: '2026-10-06T12:00',
  };
  const terms = (more: Record<string, string> = {}) =>
    termsOf((name) => ({ ...filled, ...more })[name] ?? '', ['148383'], 'br_1');

  it('says to the API what was written in it', () => {
    expect(terms()).toEqual({
      scope: 'agreements',
      organizationIds: ['148383'],
      mode: 'throttle',
      limitPerMinute: 60,
      capability: 'route:/v1/{organizationId}/contacts',
      reasonCode: 'load',
      clause: 'Punkt 4',
      note: { da: 'Hold igen', en: 'Slow down' },
      endCondition: { da: 'Når det er rettet', en: 'When it is mended' },
      until: '2026-10-06T10:00:00.000Z',
      breachId: 'br_1',
    });
  });

  it('leaves out what was written in fields that are no longer shown', () => {
    const whole = terms({ scope: 'integration', mode: 'block', capability: 'sms', until: '' });
    expect(whole).toMatchObject({
      organizationIds: [],
      limitPerMinute: null,
      capability: 'sms',
      until: null,
    });
  });

  it('can be asked for a limit before its texts are written', () => {
    const asked = askingForLimit(terms({ limit: '', clause: '', noteDa: '', route: '' }));
    expect(asked).toMatchObject({ limitPerMinute: 1, clause: '–', note: { da: '–' }, capability: 'all' });
    expect(asked).toMatchObject({ scope: 'agreements', organizationIds: ['148383'] });
  });
});
