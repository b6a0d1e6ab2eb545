const pageFile = (name: string) => import(new URL(`../page/${name}`, import.meta.url).href);

interface Case {
  readonly breachId: string;
  readonly scope: { readonly integrationId: string };
}
const { groupsOf } = (await pageFile('breaches-view.js')) as {
  groupsOf: (breaches: readonly Case[], shown: ReadonlySet<string>) => Map<string, Case[]>;
};
const { asTimeline } = (await pageFile('case-view.js')) as {
  asTimeline: (
    evidence: readonly { windowStart: string; windowEnd: string; value: number }[],
  ) => { at: Date; value: number | null }[];
};
const { FORMS, lastMoment } = (await pageFile('case-handling.js')) as {
  FORMS: Record<string, unknown>;
  lastMoment: (deadline: string) => string;
};
const { TEXTS } = (await pageFile('texts.js')) as { TEXTS: { da: Record<string, string> } };

const minute = (index: number, value: number, lengthMs = 60_000) => {
  const start = Date.UTC(2026, 9, 5, 7) + index * 60_000;
  return {
    windowStart: new Date(start).toISOString(),
    windowEnd: new Date(start + lengthMs).toISOString(),
    value,
  };
};

describe('the list of cases', () => {
  it('puts the cases of one integration together, and leaves out what is not before the reader yet', () => {
    const of = (breachId: string, integrationId: string) => ({ breachId, scope: { integrationId } });
    const cases = [of('1', 'a'), of('2', 'b'), of('3', 'a'), of('4', 'c'), of('5', 'a')];
    const groups = [...groupsOf(cases, new Set(['1', '2', '3', '5']))];
    expect(groups.map(([id, group]) => [id, group.map(({ breachId }) => breachId)])).toEqual([
      ['a', ['1', '3', '5']],
      ['b', ['2']],
    ]);
  });
});

describe('the bars of a case', () => {
  it('leave the place of a minute empty that proves nothing, and never call it 0', () => {
    expect(asTimeline([minute(0, 75), minute(3, 80)]).map(({ value }) => value)).toEqual([
      75,
      null,
      null,
      80,
    ]);
  });

  it('stand side by side where the measurements are not of one length or too far apart', () => {
    expect(asTimeline([minute(0, 75), minute(5_000, 80)]).map(({ value }) => value)).toEqual([75, 80]);
    const uneven = [minute(0, 75, 120_000), minute(3, 80, 120_000)];
    expect(asTimeline(uneven)).toHaveLength(2);
  });
});

describe('what ops can do with a case', () => {
  it('has its words, move by move', () => {
    const keys = Object.keys(FORMS).flatMap((move) => [`move.${move}`, `move.${move}.what`, `done.${move}`]);
    expect(keys.length).toBe(24);
    expect(keys.filter((key) => !Object.hasOwn(TEXTS.da, key))).toEqual([]);
  });

  it('has a deadline that is told as the day with which it ends, in summer and in winter', () => {
    expect(lastMoment('2026-10-12T22:00:00.000Z')).toBe('12. oktober 2026');
    expect(lastMoment('2026-12-12T23:00:00.000Z')).toBe('12. december 2026');
    expect(lastMoment('2026-10-12T10:00:00.000Z').replaceAll('\u00a0', ' ')).toBe(
      '12. oktober 2026 kl. 12.00',
    );
  });
});
