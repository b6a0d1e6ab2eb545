/** Sentences in Danish and English, and instants within them. */

export interface Sentence {
  readonly da: string;
  readonly en: string;
}

const IN_DANISH = new Intl.DateTimeFormat('da-DK', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'Europe/Copenhagen',
});
const IN_ENGLISH = new Intl.DateTimeFormat('en-GB', {
  dateStyle: 'long',
  timeStyle: 'short',
  timeZone: 'Europe/Copenhagen',
});

const HOUR_MS = 3_600_000;

/** An instant by Copenhagen's clocks; the hour that comes twice in October says which of the two it is. */
export function inWords(instant: string): Sentence {
  const at = new Date(instant);
  const written = IN_DANISH.format(at);
  const isWrittenSo = (milliseconds: number) =>
    IN_DANISH.format(new Date(at.getTime() + milliseconds)) === written;
  const isFirst = isWrittenSo(HOUR_MS);
  const isSecond = isWrittenSo(-HOUR_MS);
  return {
    da: written + (isFirst ? ' (sommertid)' : isSecond ? ' (normaltid)' : ''),
    en: IN_ENGLISH.format(at) + (isFirst ? ' (summer time)' : isSecond ? ' (standard time)' : ''),
  };
}
