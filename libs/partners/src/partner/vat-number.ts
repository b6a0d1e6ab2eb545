/** VAT numbers: who is registered for VAT in which country, and whether the number can be right. */
import { stdnum } from 'stdnum';
import { isCountry } from './country.js';

interface Validator {
  readonly validate: (value: string) => { readonly isValid: boolean };
}

/**
 * The check of each prefix: the EU's (council directive 2006/112, article 215, where Greece is EL), Northern Ireland's (XI), and those
 * of the neighbours that have one.
 */
const CHECKS: Readonly<Record<string, Validator | undefined>> = {
  AT: stdnum['AT']?.['uid'],
  BE: stdnum['BE']?.['vat'],
  BG: stdnum['BG']?.['vat'],
  CHE: stdnum['CH']?.['vat'],
  CY: stdnum['CY']?.['vat'],
  CZ: stdnum['CZ']?.['dic'],
  DE: stdnum['DE']?.['vat'],
  DK: stdnum['DK']?.['cvr'],
  EE: stdnum['EE']?.['kmkr'],
  EL: stdnum['GR']?.['vat'],
  ES: stdnum['ES']?.['nif'],
  FI: stdnum['FI']?.['alv'],
  FR: stdnum['FR']?.['tva'],
  GB: stdnum['GB']?.['vat'],
  HR: stdnum['HR']?.['oib'],
  HU: stdnum['HU']?.['anum'],
  IE: stdnum['IE']?.['vat'],
  IS: stdnum['IS']?.['vsk'],
  IT: stdnum['IT']?.['iva'],
  LT: stdnum['LT']?.['pvm'],
  LU: stdnum['LU']?.['tva'],
  LV: stdnum['LV']?.['pvn'],
  MT: stdnum['MT']?.['vat'],
  NL: stdnum['NL']?.['btw'],
  NO: stdnum['NO']?.['mva'],
  PL: stdnum['PL']?.['nip'],
  PT: stdnum['PT']?.['nif'],
  RO: stdnum['RO']?.['cif'],
  SE: stdnum['SE']?.['vat'],
  SI: stdnum['SI']?.['ddv'],
  SK: stdnum['SK']?.['dph'],
  XI: stdnum['GB']?.['vat'],
};

/** Countries whose VAT numbers begin otherwise than with their code: EL and CHE. */
const OTHERWISE: ReadonlySet<string> = new Set(['GR', 'CH']);

/**
 * Whether a VAT number can be right: its prefix is one that has a check, and it passes that; a number of any other country needs only
 * begin with its code. It does not say that the number is in use: only the register (VIES) knows.
 * @param vatNumber capitals and digits, `DE136695976`
 */
export function isPlausibleVatNumber(vatNumber: string): boolean {
  if (!/^[A-Z]{2}[A-Z0-9+*]{2,18}$/.test(vatNumber)) return false;
  const prefix = vatNumber.startsWith('CHE') ? 'CHE' : vatNumber.slice(0, 2);
  const check = CHECKS[prefix];
  if (check === undefined) return isCountry(prefix) && !OTHERWISE.has(prefix);
  // The checks know the prefix of Switzerland as a part of the number, and leave out the one of Northern Ireland.
  return check.validate(prefix === 'CHE' ? vatNumber : vatNumber.slice(2)).isValid;
}

/** The prefixes whose check digits are checked. */
export const CHECKED_PREFIXES: readonly string[] = Object.keys(CHECKS);
