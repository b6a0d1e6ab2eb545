import { isWanted, occurrenceOf, type News, type Wish } from './news.js';

/** Decides whether a subscription that wants a piece of news is told it, from what it was told of the same alert before. */

/** A breach that comes and goes is told once in so long, besides that it grows worse. */
export const FLAPPING_TOLD_EVERY_MS = 24 * 3_600_000;

/** Why something that is wanted is not told. It is kept with the news, for people who ask. */
export type MuteReason = 'flapping' | 'opening_muted';

export interface Earlier {
  readonly news: News;
  /** null: it was told, or will be. */
  readonly muted: string | null;
}

/** `told`, the reason why it is not, or null: it does not concern a subscription that never heard of its beginning. */
export function judgeTelling(news: News, earlier: readonly Earlier[]): 'told' | MuteReason | null {
  if (news.news === 'resolved') {
    const openings = earlier.filter(
      (other) => other.news.news !== 'resolved' && occurrenceOf(other.news) === occurrenceOf(news),
    );
    if (openings.length === 0) return null;
    if (openings.every(({ muted }) => muted !== null)) return 'opening_muted';
  }
  if (news.news !== 'escalated' && isFlapping(news)) {
    const wasSaid = earlier.some(
      (other) =>
        other.muted === null &&
        isFlapping(other.news) &&
        news.time.getTime() - other.news.time.getTime() < FLAPPING_TOLD_EVERY_MS,
    );
    if (wasSaid) return 'flapping';
  }
  return 'told';
}

/** Which news of one alert, oldest first, a subscription would have been told. */
export function wouldBeTold(wish: Wish, history: readonly News[]): News[] {
  const earlier: Earlier[] = [];
  for (const news of history.filter((candidate) => isWanted(wish, candidate))) {
    const verdict = judgeTelling(news, earlier);
    if (verdict !== null) earlier.push({ news, muted: verdict === 'told' ? null : verdict });
  }
  return earlier.filter(({ muted }) => muted === null).map(({ news }) => news);
}

function isFlapping(news: News): boolean {
  return news.kind === 'breach' && news.breach.flapping === true;
}
