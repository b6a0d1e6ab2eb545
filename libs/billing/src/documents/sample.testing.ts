/**
 * An invoice and its statement rows for tests: figures of the domain's cases, names as awkward as real ones.
 */
import { Quarter } from '@taxameter/contracts';
import { buildInvoice, draftInvoice } from '../invoice/invoice.js';
import type { Customer, InvoiceSnapshot, Seller, SmsGroup } from '../invoice/invoice.js';
import type { StatementRow } from './statement-row.js';

export const SELLER: Seller = {
  name: 'Eksempel Regnskab ApS',
  address: { street: 'Gærtorvet 1-5', postalCode: '1799', city: 'København V', country: 'DK' },
  cvr: '12345674',
  bank: { registration: '1234', account: '0012345678' },
  email: 'faktura@eksempel.example',
};

export const CUSTOMER: Customer = {
  partnerId: 'par_1',
  name: 'Påmindelse & Søn A/S',
  address: { street: 'Åboulevarden 2', postalCode: '8000', city: 'Aarhus C', country: 'DK' },
  cvr: '34731543',
  vatNumber: null,
  email: 'bogholderi@eksempel.example',
};

const ISSUED_AT = new Date('2026-10-05T08:12:00.000Z');

export function group(agreementId: string, quantity: number, overrides: Partial<SmsGroup> = {}): SmsGroup {
  return {
    integrationId: 'isv_paamindelse',
    integrationName: 'Påmindelse',
    agreementId,
    agreementName: `Firma ${agreementId} ApS`,
    outcome: 'billed',
    quantity,
    unitPrice: 10_000n,
    ...overrides,
  };
}

export function sampleInvoice(groups: readonly SmsGroup[], customer: Customer = CUSTOMER): InvoiceSnapshot {
  const vat = { category: 'S', rateBasisPoints: 2500, reason: 'customer in DK' } as const;
  const draft = draftInvoice({ quarter: Quarter.at(2026, 3), seller: SELLER, customer, vat, groups });
  return buildInvoice(draft, { number: '100042', issuedAt: ISSUED_AT });
}

/** One row per SMS of the groups, spread over the quarter, in the order in which a statement wants them. */
export function* sampleRows(groups: readonly SmsGroup[]): Generator<StatementRow> {
  const listed = (own: readonly SmsGroup[]) =>
    [...own].sort((a, b) => a.integrationId.localeCompare(b.integrationId));
  const billed = groups.filter(({ outcome }) => outcome === 'billed');
  const rest = groups.filter(({ outcome }) => outcome !== 'billed');
  const total = groups.reduce((sum, { quantity }) => sum + quantity, 0);
  let index = 0;
  for (const own of [...listed(billed), ...listed(rest)]) {
    for (let count = 0; count < own.quantity; count += 1) {
      const sentMs = Date.parse('2026-06-30T22:00:00.000Z') + Math.floor((index / total) * 7_900_000_000);
      yield {
        outcome: own.outcome,
        reason: own.outcome === 'billed' ? null : own.outcome === 'test' ? 'test_mode' : 'foreign_number',
        integrationId: own.integrationId,
        agreementId: own.agreementId,
        messageId: `sms_01J9Z3K8Q2${String(index).padStart(16, '0')}`,
        sentAt: new Date(sentMs).toISOString(),
        recipientMasked: '+45 20 ** ** 56',
        channel: index % 9 === 0 ? 'mailout_v2' : 'send_sms',
        segments: 1 + (index % 2),
        unitPrice: own.unitPrice,
      };
      index += 1;
    }
  }
}
