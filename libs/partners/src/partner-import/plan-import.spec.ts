import { partnerState, type PartnerState } from '../partner/partner.js';
import { COLUMNS, columnOf, partnerLine } from './partner-csv.js';
import { planImport } from './plan-import.js';
import { readPartnerCsv } from './read-partner-csv.js';

const address = { street: 'Eksempelvej 1', postalCode: '8000', city: 'Aarhus C', country: 'DK' };
const partner = (partnerId: string, more: Partial<PartnerState> = {}): PartnerState => ({
  ...partnerState.parse({
    ...{ partnerId, version: 3, name: 'Eksempel ApS', cvr: '12345674', vatNumber: null, address },
    ...{ email: 'a@b.example', language: 'da' },
  }),
  ...more,
});
const plan = (text: string, ...present: PartnerState[]) =>
  planImport(readPartnerCsv(new TextEncoder().encode(text)).lines, present);
const told = (text: string, ...present: PartnerState[]) =>
  plan(text, ...present).map(({ outcome, partnerId, mistakes }) =>
    [outcome, partnerId, ...mistakes.map(({ field, rule }) => `${field} ${rule}`)].join(' '),
  );

describe('the plan of an import', () => {
  it('creates what is not there, with version 0, and changes what differs, with the version seen', () => {
    const lines = plan('partnerId,name\npar_new,Ny ApS\npar_a,Andet ApS\n', partner('par_a'));
    expect(lines).toMatchObject([
      {
        line: 2,
        outcome: 'created',
        wanted: { name: 'Ny ApS', version: 0, language: 'da', delivery: 'email' },
      },
      {
        line: 3,
        outcome: 'changed',
        wanted: { ...{ name: 'Andet ApS', version: 3, cvr: '12345674', address } },
      },
    ]);
  });

  it('leaves as it is what the file does not say, and empties what it says nothing in', () => {
    expect(plan('partnerId,email,name\npar_a,,Eksempel ApS\n', partner('par_a'))[0]!.wanted).toMatchObject({
      email: null,
      name: 'Eksempel ApS',
      address,
    });
  });

  it('changes one part of an address and keeps the others; with all parts empty there is none', () => {
    const moved = plan('partnerId,street\npar_a,Nygade 2\n', partner('par_a'));
    expect(moved[0]!.wanted!.address).toEqual({ ...address, street: 'Nygade 2' });
    const gone = plan('partnerId,street,street2,postalCode,city,country\npar_a,,,,,\n', partner('par_a'));
    expect(gone[0]!.wanted!.address).toBeNull();
  });

  it('knows a partner by its CVR number where the line has no id, and names a new one after it', () => {
    const present = partner('par_a', { cvr: '34731543' });
    expect(told('cvr,name\n34731543,Nyt navn\n12345674,Ny\n', present)).toEqual([
      'changed par_a',
      'created cvr-12345674',
    ]);
  });

  it.each([
    ['partnerId,name,cvr\npar_a,A,12345678\n', 'refused par_a cvr cvr-modulus-11'],
    ['partnerId,name,gln\npar_a,A,5790000000006\n', 'refused par_a gln gs1-check-digit'],
    ['partnerId,name,gln\npar_a,A,5.79E+12\n', 'refused par_a gln shape'],
    ['partnerId,name\npar_a,\n', 'refused par_a name required'],
    [
      'partnerId,name,city\npar_a,A,Aarhus\n',
      'refused par_a address.street required address.postalCode required address.country required',
    ],
    ['partnerId,name\npar a,A\n', 'refused  partnerId shape'],
    ['partnerId,cvr\n,\n,1\n', 'refused  cvr shape'],
    ['partnerId,name\n,A\n', 'refused  partnerId required'],
    ['partnerId,name,delivery\npar_a,A,EAN\n', 'refused par_a delivery e-invoice-needs-gln'],
    ['partnerId,name,delivery\npar_a,A,due\n', 'refused par_a delivery shape'],
  ])('refuses %j, naming field and rule', (text, line) => expect(told(text)).toEqual([line]));

  it('refuses the second line about one partner, and a CVR number that several have', () => {
    expect(told('partnerId,name\npar_a,A\npar_a,B\n')).toEqual([
      'created par_a',
      'refused par_a partnerId once',
    ]);
    expect(told('cvr,name\n12345674,A\n', partner('par_a'), partner('par_b'))).toEqual([
      'refused  cvr unique',
    ]);
  });

  it('of what was exported changes nothing', () => {
    const odd = [
      partner('par_a'),
      partner('par_b', { name: '=HYPERLINK("x")', address: { ...address, street2: "'-st. tv" } }),
      partner('par_c', { name: '\'=1;2, "3"', gln: '5790000000005', delivery: 'both', address: null }),
      partner('par_d', { cvr: '12345678', vatNumber: 'DK12345678', orderNumber: '-5', language: 'en' }),
    ];
    const text = COLUMNS.join(',') + '\r\n' + odd.map(partnerLine).join('');
    expect(told(text, ...odd)).toEqual(odd.map(({ partnerId }) => `unchanged ${partnerId}`));
  });

  it('says everything of a partner in its columns', () => {
    const { version: _version, address: _address, ...flat } = partner('par_a');
    const fields = [...Object.keys(flat), 'street', 'street2', 'postalCode', 'city', 'country'];
    expect([...COLUMNS].sort()).toEqual(fields.sort());
  });

  it('understands the name of each column as its heading', () => {
    for (const column of COLUMNS) expect(columnOf(column)).toBe(column);
  });
});
