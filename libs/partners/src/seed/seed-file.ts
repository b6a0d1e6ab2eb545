/**
 * The seed file: master data of partners, integrations and agreements as one JSON document, checked before it
 * is sent.
 */
import { fields } from '@taxameter/contracts';
import { z } from 'zod';
import { agreementDetails } from '../agreement/agreement.js';
import { integrationDetails } from '../integration/integration.js';
import { partnerDetails } from '../partner/partner.js';

/** What a file may leave alone, since people and the partner itself keep it: left out, it stays as it is. */
const { gln, orderNumber, buyerReference, delivery } = partnerDetails;
const leftAlone = {
  gln: gln.unwrap().optional(),
  orderNumber: orderNumber.unwrap().optional(),
  buyerReference: buyerReference.unwrap().optional(),
  delivery: delivery.unwrap().optional(),
};

const partner = z.strictObject({ partnerId: fields.identifier(64), ...partnerDetails, ...leftAlone });

const integration = z.strictObject({
  integrationId: fields.identifier(100),
  ...integrationDetails,
  // Required here, unlike in a command: a file must say the same whenever it is applied.
  from: fields.instant.describe('since when the partner owns it'),
  deactivated: z.strictObject({ from: fields.instant, reason: fields.text(500) }).optional(),
});

const agreement = z.strictObject({
  integrationId: fields.identifier(100),
  organizationId: fields.identifier(64),
  ...agreementDetails,
});

const LIMIT = 100_000;

const seedSchema = z
  .strictObject({
    partners: z.array(partner).max(LIMIT).default([]),
    integrations: z.array(integration).max(LIMIT).default([]),
    agreements: z.array(agreement).max(LIMIT).default([]),
  })
  .superRefine((seed, context) => {
    const refuseTwice = (list: string, keys: string[]) => {
      const seen = new Map<string, number>();
      for (const [index, key] of keys.entries()) {
        const first = seen.get(key);
        if (first === undefined) seen.set(key, index);
        else {
          const message = `says ${key} a second time (first in ${list}.${first})`;
          context.addIssue({ code: 'custom', path: [list, index], message });
        }
      }
    };
    refuseTwice(
      'partners',
      seed.partners.map((entry) => entry.partnerId),
    );
    refuseTwice(
      'integrations',
      seed.integrations.map((entry) => entry.integrationId),
    );
    refuseTwice(
      'agreements',
      seed.agreements.map((entry) => `${entry.integrationId}|${entry.organizationId}`),
    );
  });

export type Seed = z.output<typeof seedSchema>;

/** The seed file cannot be used; the message has one line for each place that is wrong. */
export class SeedRefused extends Error {
  override readonly name = 'SeedRefused';
}

const ISSUES_SHOWN = 20;

/**
 * Reads the text of a seed file.
 * @throws SeedRefused naming the path of each mistake, `partners.2.cvr: is not eight digits`
 */
export function parseSeed(text: string): Seed {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new SeedRefused(`the file is not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const result = seedSchema.safeParse(value);
  if (result.success) return result.data;
  const { issues } = result.error;
  const lines = issues.slice(0, ISSUES_SHOWN).map((issue) => {
    const path = issue.path.join('.') || 'the file';
    return `${path}: ${issue.message}`;
  });
  const left = issues.length - lines.length;
  throw new SeedRefused([...lines, ...(left > 0 ? [`… and ${left} more`] : [])].join('\n'));
}
