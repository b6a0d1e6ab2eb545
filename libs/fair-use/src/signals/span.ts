/** Whole minutes since 1970, UTC: from `from` up to `to`, not included. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The same minutes, each once, in as few spans as possible and ascending. */
export function merged(spans: readonly Span[]): Span[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of spans.toSorted((left, right) => left.from - right.from)) {
    const before = joined.at(-1);
    if (before && from <= before.to) before.to = Math.max(before.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

export function isWithin(minute: number, spans: readonly Span[]): boolean {
  return spans.some(({ from, to }) => from <= minute && minute < to);
}
