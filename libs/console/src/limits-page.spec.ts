const { percent } = (await import(new URL('../page/limits-view.js', import.meta.url).href)) as {
  percent: (share: number) => string;
};

describe('a share of a limit', () => {
  it('is cut to whole percent: what is below the limit is never shown at it', () => {
    const shown = [0.999, 1, 2.4, 0.29].map((share) => percent(share).replaceAll('\u00a0', ' '));
    expect(shown).toEqual(['99 %', '100 %', '240 %', '29 %']);
  });
});
