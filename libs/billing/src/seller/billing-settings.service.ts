import { readFileSync } from 'node:fs';
import { ConfigurationError } from '@taxameter/platform';
import type { Configuration, Logger } from '@taxameter/platform';
import type { Seller } from '../invoice/invoice.js';
import { DEFAULT_PRICES } from '../price/price-list.js';
import type { PriceList } from '../price/price-list.js';
import { SAMPLE_SELLER, parseSeller } from './seller.js';

/** What a run depends on besides ledger and master data. Read once when the process starts. */
export interface BillingSettings {
  readonly seller: Seller;
  readonly isSampleSeller: boolean;
  readonly prices: PriceList;
  readonly allowedCountries: readonly string[];
  readonly graceHours: number;
}

export const BILLING_SETTINGS = Symbol('BILLING_SETTINGS');

/** @throws ConfigurationError when SELLER_FILE cannot be read or breaks its shape */
export function readBillingSettings(configuration: Configuration, logger: Logger): BillingSettings {
  const { SELLER_FILE: file, ALLOWED_SMS_COUNTRIES, GRACE_HOURS } = configuration;
  if (file === undefined) {
    logger.warn('no SELLER_FILE is set: invoices carry a sample seller and cannot be paid');
  }
  return {
    seller: file === undefined ? SAMPLE_SELLER : readSeller(file),
    isSampleSeller: file === undefined,
    prices: DEFAULT_PRICES,
    allowedCountries: ALLOWED_SMS_COUNTRIES,
    graceHours: GRACE_HOURS,
  };
}

function readSeller(file: string): Seller {
  try {
    return parseSeller(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`the seller in SELLER_FILE ${file} cannot be used: ${reason}`);
  }
}
