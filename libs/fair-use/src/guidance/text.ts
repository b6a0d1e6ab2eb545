/** Turns a guidance template and its figures into a sentence for a partner, in Danish or English. */

export interface Bilingual {
  readonly da: string;
  readonly en: string;
}

/** A figure or phrase as each language writes it. */
export type Placeholders = Readonly<Record<string, Bilingual>>;

/**
 * Fills `{name}` in both languages, once: a route such as `/v1/{organizationId}/contacts` is put in as it is.
 * @throws RangeError when a template names a placeholder that has no value, so that no partner ever reads one
 */
export function fillText(template: Bilingual, placeholders: Placeholders): Bilingual {
  const fill = (language: keyof Bilingual) =>
    template[language].replaceAll(/\{(\w+)\}/g, (_whole, name: string) => {
      const value = placeholders[name];
      if (value === undefined) throw new RangeError(`the guidance has no value for "{${name}}"`);
      return value[language];
    });
  return { da: fill('da'), en: fill('en') };
}

/** The same in both languages: routes, parameter names. */
export function verbatim(text: string): Bilingual {
  return { da: text, en: text };
}

/** A whole number with the language's thousands separator: 1.234 and 1,234. */
export function wholeNumber(value: number): Bilingual {
  const grouped = (separator: string) => String(value).replaceAll(/\B(?=(\d{3})+$)/g, separator);
  return { da: grouped('.'), en: grouped(',') };
}

/** A number of minutes with its unit. */
export function minutes(value: number): Bilingual {
  const { da, en } = wholeNumber(value);
  return {
    da: `${da} ${value === 1 ? 'minut' : 'minutter'}`,
    en: `${en} ${value === 1 ? 'minute' : 'minutes'}`,
  };
}

/** A number of minutes as whole hours with their unit, rounded down. */
export function hours(inMinutes: number): Bilingual {
  const value = Math.floor(inMinutes / 60);
  const { da, en } = wholeNumber(value);
  return { da: `${da} ${value === 1 ? 'time' : 'timer'}`, en: `${en} ${value === 1 ? 'hour' : 'hours'}` };
}

/** A number of seconds as whole days with their unit, rounded up: what lies further back than these is older than the number. */
export function days(inSeconds: number): Bilingual {
  const value = Math.ceil(inSeconds / 86_400);
  const { da, en } = wholeNumber(value);
  return { da: `${da} ${value === 1 ? 'dag' : 'dage'}`, en: `${en} ${value === 1 ? 'day' : 'days'}` };
}

/** A time in ms as whole seconds with their unit, rounded down. */
export function secondsOf(ms: number): Bilingual {
  const seconds = Math.floor(ms / 1000);
  const { da, en } = wholeNumber(seconds);
  return {
    da: `${da} ${seconds === 1 ? 'sekund' : 'sekunder'}`,
    en: `${en} ${seconds === 1 ? 'second' : 'seconds'}`,
  };
}

/** A share in percent with at most one decimal: `7,5 %` and `7.5%`. */
export function percent(value: number): Bilingual {
  const text = String(value);
  return { da: `${text.replace('.', ',')} %`, en: `${text}%` };
}

/** An instant to the minute, in UTC, and saying so: `30.09.2026 kl. 22.00 UTC` and `2026-09-30 22:00 UTC`. */
export function instantText(instant: string): Bilingual {
  const iso = new Date(instant).toISOString();
  const [year, month, day] = iso.slice(0, 10).split('-');
  const clock = iso.slice(11, 16);
  return {
    da: `${day}.${month}.${year} kl. ${clock.replace(':', '.')} UTC`,
    en: `${iso.slice(0, 10)} ${clock} UTC`,
  };
}

/** Which agreement it is about; calls without one exist. */
export function agreementText(agreementId: string): Bilingual {
  if (agreementId === '') {
    return { da: 'uden tilknytning til en aftale', en: 'without an agreement' };
  }
  return { da: `for aftale ${agreementId}`, en: `for agreement ${agreementId}` };
}
