/** Whether a block works, in a sentence. */
import type { RestrictionObserved } from '@taxameter/contracts';
import { inWords, type Sentence } from '../timeline/in-words.js';

/** Silence proves nothing: that a block works is said only of one that has refused a call. */
export function describeEffect(observed: RestrictionObserved | null): Sentence {
  if (observed === null) {
    return {
      da: 'Måles ikke: det ses kun for spærringer, og først når de er trådt i kraft.',
      en: 'Not measured: it is seen of blocks only, and once they are in force.',
    };
  }
  const { refused, letThrough, lastLetThroughAt } = observed;
  const since = inWords(observed.since);
  if (letThrough > 0) {
    const last = inWords(lastLetThroughAt!);
    return {
      da: `Virker ikke: ${calls(letThrough).da} sluppet igennem siden ${since.da}, senest ${last.da}.`,
      en: `Does not work: ${calls(letThrough).en} let through since ${since.en}, last ${last.en}.`,
    };
  }
  if (refused > 0) {
    return {
      da: `Virker: 0 kald sluppet igennem siden ${since.da}, ${refused} afvist.`,
      en: `Works: 0 calls let through since ${since.en}, ${refused} refused.`,
    };
  }
  return {
    da: `0 kald sluppet igennem siden ${since.da}, men integrationen har heller ikke kaldt.`,
    en: `0 calls let through since ${since.en}, but the integration has not called either.`,
  };
}

function calls(count: number): Sentence {
  return { da: `${count} kald`, en: count === 1 ? '1 call' : `${count} calls` };
}
