import { heldPlaceholders, type Guidance } from './placeholders.js';
import { recommendedServerTimeMs } from './recommendations.js';
import { secondsOf } from './text.js';

/** Texts on how much of the server calls take: one cause, one cure, its own window. */

export const serverTime: Guidance = {
  template: {
    da:
      'I mindst {minutes} af de {window} frem til {until} har jeres kald {org} tilsammen optaget ' +
      'serveren i {value} eller mere pr. minut. Grænsen går ved {limit} pr. minut. Foretag kaldene ét ad ' +
      'gangen, og hold pauser imellem dem, så I højst bruger {recommended} pr. minut på at vente på svar. ' +
      'Et opslag bliver lettere, når I kun beder om de felter, I skal bruge, og kun om det, der er ændret.',
    en:
      'In at least {minutes} of the {window} up to {until}, your calls {org} together kept the server ' +
      'busy for {value} or more per minute. The limit is reached at {limit} per minute. Make the calls ' +
      'one at a time and pause between them, so that you spend at most {recommended} per minute ' +
      'waiting for answers. A request is lighter when you ask only for the fields that you need and only for what ' +
      'has changed.',
  },
  placeholders: (verdict, subject, policy) => ({
    ...heldPlaceholders(verdict, subject, policy.rules.SERVER_TIME),
    value: secondsOf(verdict.value),
    limit: secondsOf(verdict.threshold),
    recommended: secondsOf(recommendedServerTimeMs(policy)),
  }),
};
