import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigurationError, createLogger, parseConfiguration } from '@taxameter/platform';
import { readBillingSettings } from './billing-settings.service.js';
import { SAMPLE_SELLER, parseSeller, sellerSchema } from './seller.js';

const SELLER = {
  name: 'Eksempel Regnskab ApS',
  address: { street: 'Gade 1', postalCode: '1799', city: 'København V', country: 'DK' },
  cvr: '12345674',
  bank: { registration: '1234', account: '0012345678' },
  email: 'faktura@eksempel.example',
};

describe('the seller on invoices', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'seller-'));
  });

  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  const settings = async (content: string | null) => {
    const file = join(folder, 'seller.json');
    if (content !== null) await writeFile(file, content);
    const configuration = parseConfiguration(content === null ? {} : { SELLER_FILE: file });
    return readBillingSettings(configuration, createLogger('silent'));
  };

  it('is the one in the file', async () => {
    expect(await settings(JSON.stringify(SELLER))).toMatchObject({ seller: SELLER, isSampleSeller: false });
  });

  it('is a sample that says so where there is no file', async () => {
    expect(await settings(null)).toMatchObject({ seller: SAMPLE_SELLER, isSampleSeller: true });
    expect(SAMPLE_SELLER.name).toContain('eksempel');
    expect(sellerSchema.safeParse(SAMPLE_SELLER).success).toBe(true);
  });

  it('stops the start with the field that is wrong', async () => {
    await expect(settings(JSON.stringify({ ...SELLER, cvr: '1234' }))).rejects.toThrow(ConfigurationError);
    expect(() => parseSeller(JSON.stringify({ ...SELLER, cvr: '1234' }))).toThrow(
      'cvr: is not a CVR number of 8 digits',
    );
    expect(() => parseSeller('{')).toThrow('it is not JSON');
  });
});
