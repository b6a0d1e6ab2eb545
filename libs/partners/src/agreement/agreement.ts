/** What can be said about an agreement: one customer organisation for which an integration acts. */
import { agreementChanged } from '@taxameter/contracts';
import { z } from 'zod';

export const agreementState = agreementChanged.schema.shape.data;

/** An agreement as it is shown: also one that only its calls tell of. */
export const knownAgreement = agreementState.extend({
  version: z.int().min(0).describe('0 for one that nobody has declared'),
  origin: z
    .enum(['declared', 'learnt'])
    .describe('learnt: from calls that succeeded, nobody has declared it'),
  actsSince: z.iso.datetime().nullable().describe('the first such call; null while none was seen'),
});

/** Fields of a command or a seed file. The name is the customer's, for people who read a statement. */
export const agreementDetails = {
  name: agreementState.shape.name.default(null),
  status: agreementState.shape.status.default('active'),
};
