import { parseSeed, SeedRefused } from './seed-file.js';

const integration = {
  integrationId: 'isv_a',
  name: 'A',
  kind: 'public',
  partnerId: 'par_a',
  from: '2026-01-01T00:00:00+01:00',
};
const refusalOf = (value: unknown) => {
  try {
    parseSeed(typeof value === 'string' ? value : JSON.stringify(value));
    return null;
  } catch (error) {
    if (error instanceof SeedRefused) return error.message;
    throw error;
  }
};

describe('a seed file', () => {
  it('may leave out every list, and every field that is not known', () => {
    expect(parseSeed('{}')).toEqual({ partners: [], integrations: [], agreements: [] });
    const { partners } = parseSeed('\uFEFF{"partners":[{"partnerId":"par_a","name":"A"}]}');
    expect(partners).toEqual([
      {
        partnerId: 'par_a',
        name: 'A',
        cvr: null,
        vatNumber: null,
        address: null,
        email: null,
        language: 'da',
      },
    ]);
  });

  it('is refused with the path of every mistake at once', () => {
    const message = refusalOf({
      partners: [
        { partnerId: 'par_a', name: 'A' },
        { partnerId: 'par b', name: 'B', cvr: '1' },
      ],
      integrations: [{ ...integration, kind: 'secret', from: '1. juli' }],
    });
    const paths = message!.split('\n').map((line) => line.split(':')[0]);
    expect(paths).toEqual([
      'partners.1.partnerId',
      'partners.1.cvr',
      'integrations.0.kind',
      'integrations.0.from',
    ]);
  });

  it('is refused when a field is misspelt, since leaving one out means "not known"', () => {
    expect(refusalOf({ partners: [{ partnerId: 'par_a', name: 'A', adress: null }] })).toContain('adress');
  });

  it('is refused when it says the same thing twice', () => {
    const partner = { partnerId: 'par_a', name: 'A' };
    expect(refusalOf({ partners: [partner, { ...partner, name: 'B' }] })).toBe(
      'partners.1: says par_a a second time (first in partners.0)',
    );
  });

  it('needs the instant since when an integration is owned', () => {
    const { from: _, ...withoutFrom } = integration;
    expect(refusalOf({ integrations: [withoutFrom] })).toContain('integrations.0.from');
  });

  it.each(['', '[]', 'null', '{"partners":'])('is refused when it is %j', (text) => {
    expect(refusalOf(text)).not.toBeNull();
  });
});
