/** What can be said about an agreement: one customer organisation for which an integration acts. */
import { agreementChanged } from '@taxameter/contracts';

export const agreementState = agreementChanged.schema.shape.data;

/** Fields of a command or a seed file. The name is the customer's, for people who read a statement. */
export const agreementDetails = {
  name: agreementState.shape.name.default(null),
  status: agreementState.shape.status.default('active'),
};
