import { createHash } from 'node:crypto';
import { extractText, getDocumentProxy } from 'unpdf';
import { CUSTOMER, group, sampleInvoice, sampleRows } from './sample.testing.js';
import { renderInvoice } from './invoice.pdf.js';
import { renderStatement } from './statement.pdf.js';
import { countPages } from './statement-plan.js';
import type { StatementRow } from './statement-row.js';

const GROUPS = [
  group('148383', 1000, { agreementName: 'Bageriet på Hjørnet ApS' }),
  group('151204', 234, { agreementName: 'Ærø Øl ApS' }),
  group('148383', 3, { outcome: 'test' }),
  group('151204', 2, { outcome: 'held' }),
];

async function pagesOf(pdf: Uint8Array): Promise<string[]> {
  const { text } = await extractText(await getDocumentProxy(pdf.slice()));
  return text.map((page) => page.replace(/\s+/g, ' '));
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function listOf(rows: Iterable<StatementRow>): Promise<string> {
  const [first] = GROUPS;
  return (await pagesOf(await renderStatement(sampleInvoice([{ ...first!, quantity: 2 }]), rows))).join(' ');
}

describe('the invoice as a PDF', () => {
  it('shows the figures of 1,234 SMS and all that an invoice must hold', async () => {
    const [text = ''] = await pagesOf(await renderInvoice(sampleInvoice(GROUPS)));
    for (const held of [
      'Faktura 100042',
      'Fakturadato Invoice date 05.10.2026',
      'Forfaldsdato Due date 19.10.2026',
      'Leveringsperiode Period 01.07.2026–30.09.2026',
      'Påmindelse & Søn A/S',
      'Åboulevarden 2',
      '8000 Aarhus C',
      'Eksempel Regnskab ApS · Gærtorvet 1-5 · 1799 København V · CVR-nr. 12345674',
      'Afsendte SMS, stk. 1.234 1,00 1.234,00',
      'Subtotal ekskl. moms excl. VAT 1.234,00',
      'Moms 25 % VAT 308,50',
      'I alt inkl. moms (DKK) 1.542,50',
      'Netto 14 dage',
      '1234 0012345678',
      'Ikke faktureret: 3 test-SMS og 2 tilbageholdte SMS.',
      'Side 1 af 1',
    ]) {
      expect(text).toContain(held);
    }
  });

  it('says nothing of test and held SMS where there are none', async () => {
    const [text = ''] = await pagesOf(await renderInvoice(sampleInvoice([group('1', 1)])));
    expect(text).not.toContain('Ikke faktureret');
  });

  it('prints the second line of an address between street and town, where there is one', async () => {
    const customer = { ...CUSTOMER, address: { ...CUSTOMER.address, street2: 'Afsnit 4' } };
    const [text = ''] = await pagesOf(await renderInvoice(sampleInvoice([group('1', 1)], customer)));
    expect(text).toMatch(/Åboulevarden 2\s+Afsnit 4\s+8000 Aarhus C/);
  });

  it('gives the same bytes for the same invoice, and others for another', async () => {
    const once = await renderInvoice(sampleInvoice(GROUPS));
    const again = await renderInvoice(JSON.parse(JSON.stringify(sampleInvoice(GROUPS))));
    expect(digest(again)).toBe(digest(once));
    expect(digest(await renderInvoice(sampleInvoice([group('1', 1)])))).not.toBe(digest(once));
  });

  it('prints names of any kind as they are, and drops what hides or turns text', async () => {
    const customer = { ...CUSTOMER, name: '<script>Łódź–Café „Ö”</script> ș € \u202e\u0000Ø' };
    const invoice = sampleInvoice([group('1', 1, { integrationName: 'Ærø & 漢字' })], customer);
    const pdf = await renderInvoice(invoice);
    const [text = ''] = await pagesOf(pdf);
    expect(text).toContain('<script>Łódź–Café „Ö”</script> ș € Ø');
    expect(text).toContain('Ærø & ??');
    expect(Buffer.from(pdf).toString('latin1')).toContain('&lt;script&gt;');
  });

  it('goes on over pages, with the heads repeated, when there are many integrations', async () => {
    const groups = Array.from({ length: 60 }, (_, index) =>
      group('1', 1, { integrationId: `isv_${String(index).padStart(2, '0')}` }),
    );
    const pages = await pagesOf(await renderInvoice(sampleInvoice(groups)));
    expect(pages.length).toBeGreaterThan(2);
    expect(pages[1]).toContain('Enhedspris ekskl. moms');
    expect(pages.at(-1)).toContain(`Side ${pages.length} af ${pages.length}`);
    expect(pages.join(' ').match(/Afsendte SMS, stk\./g)).toHaveLength(60);
  });
});

describe('the statement as a PDF', () => {
  it('lists each of 1,234 SMS once and adds up to the net of the invoice', async () => {
    const invoice = sampleInvoice(GROUPS);
    const pages = await pagesOf(await renderStatement(invoice, sampleRows(GROUPS)));
    const text = pages.join(' ');
    const ids = [...text.matchAll(/sms_\w{26}/g)].map(([id]) => id);
    expect(ids).toEqual([...sampleRows(GROUPS)].map(({ messageId }) => messageId));
    expect(text.match(/ [12] 1,00 /g)).toHaveLength(1234);
    expect(text.match(/ 0,00 /g)).toHaveLength(5 + 1);
    expect(text).toContain('148383 Bageriet på Hjørnet ApS 1.000 3 – 1.000,00');
    expect(text).toContain('151204 Ærø Øl ApS 234 – 2 234,00');
    expect(text).toContain('Ikke faktureret: 3 test, 2 tilbageholdte 0,00');
    expect(text).toMatch(/I alt faktureret: 1\.234 SMS .*1\.234,00/);
    expect(pages).toHaveLength(countPages(invoice));
    for (const [index, page] of pages.entries()) {
      expect(page).toContain(`Side ${index + 1} af ${pages.length}`);
      expect(page).toContain('Sendt (dansk tid)');
    }
  });

  it('tells why an SMS is not invoiced', async () => {
    const text = (await pagesOf(await renderStatement(sampleInvoice(GROUPS), sampleRows(GROUPS)))).join(' ');
    expect(text.match(/Udenlandsk nr\. 0,00/g)).toHaveLength(2);
    expect(text.match(/Test 0,00/g)).toHaveLength(3);
  });

  it('gives the same bytes for the same rows, whether they come at once or one by one', async () => {
    const invoice = sampleInvoice(GROUPS);
    async function* slowly() {
      yield* sampleRows(GROUPS);
    }
    const once = await renderStatement(invoice, sampleRows(GROUPS));
    expect(digest(await renderStatement(invoice, slowly()))).toBe(digest(once));
  });

  it('shows the offset in the night when the clock is set back', async () => {
    const [row] = sampleRows([group('148383', 1)]);
    const text = await listOf([
      { ...row!, sentAt: '2026-10-25T00:30:00.000Z' },
      { ...row!, sentAt: '2026-10-25T01:30:00.000Z' },
    ]);
    expect(text).toContain('2026-10-25 02:30:00.000+02:00');
    expect(text).toContain('2026-10-25 02:30:00.000+01:00');
  });

  it('shows what rounding the line added when a price has parts of an øre', async () => {
    const groups = [group('1', 1, { unitPrice: 3_333n }), group('2', 1, { unitPrice: 3_333n })];
    const invoice = sampleInvoice(groups);
    const text = (await pagesOf(await renderStatement(invoice, sampleRows(groups)))).join(' ');
    expect(invoice.totals.net).toBe('0.67');
    expect(text).toContain('Afrunding til hele øre 0,0034');
  });

  it('refuses rows that are fewer, more, dearer or of another integration than the invoice says', async () => {
    const [row] = sampleRows([group('148383', 1)]);
    await expect(listOf([row!])).rejects.toThrow('fewer SMS');
    await expect(listOf([row!, row!, row!])).rejects.toThrow('more SMS');
    await expect(listOf([row!, { ...row!, unitPrice: 12_500n }])).rejects.toThrow('do not add up');
    await expect(listOf([row!, { ...row!, integrationId: 'isv_other' }])).rejects.toThrow(
      'does not come where',
    );
    await expect(listOf([row!, { ...row!, outcome: 'held' }])).rejects.toThrow('does not come where');
    await expect(listOf([row!, { ...row!, agreementId: '9' }])).rejects.toThrow('belongs to no agreement');
  });
});
