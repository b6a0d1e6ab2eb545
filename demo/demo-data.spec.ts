import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { validateEvent } from '@taxameter/contracts';

/**
 * Counts the demo's files by hand: plain loops, the quarter's borders written down as instants, the owners as
 * a table. Nothing of the system's own arithmetic is used, so that it can be held against these figures.
 */

interface Line {
  readonly source: string;
  readonly time: string;
  readonly data: {
    readonly messageId: string;
    readonly integrationId: string;
    readonly organizationId: string;
    readonly recipientCountry: string;
    readonly testMode: boolean;
  };
}

interface Counted {
  billable: number;
  test: number;
  held: Record<string, number>;
  duplicate: number;
  quarantined: number;
  otherQuarter: number;
  net: string;
  vat: string;
  gross: string;
}

interface Seed {
  readonly partners: { partnerId: string; name: string; cvr: string; vatNumber: string; address: object }[];
  readonly integrations: {
    integrationId: string;
    partnerId: string;
    from: string;
    deactivated?: { from: string };
  }[];
  readonly agreements: { integrationId: string; organizationId: string }[];
}

const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
const text = read('data/sms-2026-q3.jsonl');
const lines = text
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Line);
const seed = JSON.parse(read('data/seed.json')) as Seed;
const expected = JSON.parse(read('expected.json')) as {
  quarter: string;
  partners: Record<string, Counted>;
  totals: object;
};

const GENERATOR = fileURLToPath(new URL('make-sms-events.mjs', import.meta.url));
const Q3_FROM = Date.parse('2026-06-30T22:00:00Z');
const Q3_TO = Date.parse('2026-09-30T22:00:00Z');
const DEACTIVATED = { integrationId: 'isv_kvittering', fromMs: Date.parse('2026-08-17T08:00:00Z') };
const OWNERS: Record<string, string> = {
  isv_bilagsbro: 'par_tangbjerg',
  isv_bilagsbro_kasse: 'par_tangbjerg',
  isv_kvittering: 'par_kvittering',
  isv_holmvang: 'par_holmvang',
  isv_paamindelse: 'par_paamindelse',
  '113d3a99c3da401fbd62cc2caa5b96d2': 'par_skypolaris',
  isv_brightholm: 'par_brightholm',
};

function count() {
  const partners: Record<string, Counted> = {};
  for (const { partnerId } of seed.partners) {
    partners[partnerId] = {
      billable: 0,
      test: 0,
      held: {},
      duplicate: 0,
      quarantined: 0,
      otherQuarter: 0,
      net: '',
      vat: '',
      gross: '',
    };
  }
  const totals = { read: 0, distinct: 0, duplicate: 0, quarantined: 0 };
  const seen = new Map<string, string>();
  for (const { time, data } of lines) {
    const partner = partners[OWNERS[data.integrationId]!]!;
    totals.read += 1;
    const body = JSON.stringify([Date.parse(time), data]);
    const first = seen.get(data.messageId);
    if (first !== undefined) {
      const kind = first === body ? 'duplicate' : 'quarantined';
      totals[kind] += 1;
      partner[kind] += 1;
      continue;
    }
    seen.set(data.messageId, body);
    totals.distinct += 1;
    const sentMs = Date.parse(time);
    const reason =
      data.integrationId === DEACTIVATED.integrationId && sentMs >= DEACTIVATED.fromMs
        ? 'integration_deactivated'
        : data.recipientCountry !== 'DK'
          ? 'foreign_number'
          : null;
    if (sentMs < Q3_FROM || sentMs >= Q3_TO) partner.otherQuarter += 1;
    else if (data.testMode) partner.test += 1;
    else if (reason !== null) partner.held[reason] = (partner.held[reason] ?? 0) + 1;
    else partner.billable += 1;
  }
  // 1 kr an SMS and 25 % on top: a quarter of a krone is 25 øre, so nothing is ever rounded here.
  const kroner = (ore: number) => `${Math.floor(ore / 100)}.${String(ore % 100).padStart(2, '0')}`;
  for (const partner of Object.values(partners)) {
    partner.net = kroner(partner.billable * 100);
    partner.vat = kroner(partner.billable * 25);
    partner.gross = kroner(partner.billable * 125);
  }
  return { quarter: '2026-Q3', partners, totals };
}

const withPrefix = (prefix: string) => lines.filter(({ data }) => data.messageId.startsWith(prefix));

describe('the SMS of the demo', () => {
  it('is what its generator makes, on every day and in every zone', () => {
    for (const zone of ['UTC', 'Pacific/Auckland']) {
      const made = execFileSync(process.execPath, [GENERATOR, '--stdout'], {
        encoding: 'utf8',
        maxBuffer: 10_000_000,
        env: { TZ: zone },
      });
      expect(made === text).toBe(true);
    }
  });

  it('passes the schema, every line', () => {
    for (const line of lines) expect(validateEvent(line)).toMatchObject({ ok: true });
  });

  it('adds up to the committed expectations when it is counted by hand', () => {
    expect(count()).toEqual(expected);
  });

  it('is billed to the partners with these figures', () => {
    const { partners, totals } = count();
    expect(partners['par_kvittering']).toMatchObject({
      billable: 1234,
      held: { integration_deactivated: 6 },
      net: '1234.00',
      vat: '308.50',
      gross: '1542.50',
    });
    expect(partners['par_tangbjerg']).toMatchObject({ billable: 435, test: 14, held: {}, otherQuarter: 3 });
    expect(partners['par_tangbjerg']).toMatchObject({ duplicate: 4, quarantined: 1, gross: '543.75' });
    expect(partners['par_paamindelse']).toMatchObject({ billable: 47, test: 2, gross: '58.75' });
    expect(partners['par_skypolaris']).toMatchObject({ billable: 12, test: 0, gross: '15.00' });
    expect(partners['par_brightholm']).toMatchObject({ billable: 90, test: 9, held: { foreign_number: 3 } });
    expect(partners['par_brightholm']).toMatchObject({ duplicate: 1, gross: '112.50' });
    expect(partners['par_holmvang']).toMatchObject({ billable: 0, test: 0, held: {}, gross: '0.00' });
    expect(totals).toEqual({ read: 1861, distinct: 1855, duplicate: 5, quarantined: 1 });
  });

  it('holds five equal copies of case 8, from one source', () => {
    const copies = withPrefix('case-8-').map((line) => JSON.stringify(line));
    expect(copies).toHaveLength(5);
    expect(new Set(copies).size).toBe(1);
  });

  it('holds case 10 from two sources with one body', () => {
    const copies = withPrefix('case-10-');
    expect(copies.map(({ source }) => source)).toEqual(['/sms-service/a', '/sms-service/b']);
    expect(copies[1]!.data).toEqual(copies[0]!.data);
  });

  it('holds one message of each side of the border for cases 1 and 3', () => {
    const sides = [...withPrefix('case-1-'), ...withPrefix('case-3-')].map(({ time, data }) => {
      const isIn = Date.parse(time) >= Q3_FROM && Date.parse(time) < Q3_TO;
      return [/q[234]/.exec(data.messageId)?.[0] === 'q3', isIn];
    });
    expect(sides).toHaveLength(6);
    expect(sides.every(([said, isIn]) => said === isIn)).toBe(true);
  });

  it('goes to the four countries of case 26 and nowhere else outside Denmark', () => {
    const countries = withPrefix('case-26-').map(({ data }) => data.recipientCountry);
    expect(countries).toEqual(['SE', 'FO', 'GL', 'DK']);
    expect(lines.filter(({ data }) => data.recipientCountry !== 'DK')).toHaveLength(3);
  });

  it('is sent for agreements that the seed file knows', () => {
    const known = new Set(seed.agreements.map((entry) => `${entry.integrationId}|${entry.organizationId}`));
    for (const { data } of lines) expect(known).toContain(`${data.integrationId}|${data.organizationId}`);
  });
});

describe('the seed file of the demo', () => {
  it('says of owners and deactivation what the count above assumes', () => {
    const owners = seed.integrations.map(({ integrationId, partnerId }) => [integrationId, partnerId]);
    expect(Object.fromEntries(owners)).toEqual(OWNERS);
    for (const { integrationId, from, deactivated } of seed.integrations) {
      expect(Date.parse(from)).toBeLessThan(Q3_FROM);
      const fromMs = deactivated && Date.parse(deactivated.from);
      expect(fromMs).toBe(integrationId === DEACTIVATED.integrationId ? DEACTIVATED.fromMs : undefined);
    }
  });

  it('gives each partner an address and a CVR number that passes its check', () => {
    for (const { cvr, vatNumber, address } of seed.partners) {
      const [a, b, c, d, e, f, g, h] = [...cvr].map(Number) as [number, ...number[]];
      expect((2 * a + 7 * b! + 6 * c! + 5 * d! + 4 * e! + 3 * f! + 2 * g! + h!) % 11).toBe(0);
      expect(vatNumber).toBe(`DK${cvr}`);
      expect(Object.keys(address)).toEqual(['street', 'postalCode', 'city', 'country']);
    }
  });
});
