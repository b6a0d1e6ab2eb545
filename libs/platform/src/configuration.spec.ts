import { ConfigurationError, parseConfiguration } from './configuration.js';

describe('parseConfiguration', () => {
  it('needs nothing and then listens on this machine only', () => {
    expect(parseConfiguration({})).toMatchObject({
      HOST: '127.0.0.1',
      PORT: 3000,
      DATA_DIR: 'data',
      ROOMS: [],
      LOG_LEVEL: 'info',
      ALLOWED_SMS_COUNTRIES: ['DK'],
      GRACE_HOURS: 72,
    });
  });

  it('takes an empty variable for an absent one', () => {
    expect(parseConfiguration({ PORT: '', DATABASE_URL: '', FIXED_CLOCK: '' })).toEqual(
      parseConfiguration({}),
    );
  });

  it('takes a login at Kafka whole or not at all', () => {
    const login = {
      KAFKA_SASL_MECHANISM: 'scram-sha-512',
      KAFKA_SASL_USERNAME: 'taxameter',
      KAFKA_SASL_PASSWORD: 'secret',
    };
    expect(parseConfiguration(login)).toMatchObject(login);
    for (const name of Object.keys(login)) {
      const part = { ...login, [name]: undefined };
      expect(() => parseConfiguration(part)).toThrow(ConfigurationError);
      expect(() => parseConfiguration(part)).toThrow(name);
    }
  });

  it('speaks to Kafka in plain text unless it is told to use TLS', () => {
    expect(parseConfiguration({}).KAFKA_SSL).toBe(false);
    expect(parseConfiguration({ KAFKA_SSL: 'false' }).KAFKA_SSL).toBe(false);
    expect(parseConfiguration({ KAFKA_SSL: 'true' }).KAFKA_SSL).toBe(true);
    expect(() => parseConfiguration({ KAFKA_SSL: 'yes' })).toThrow('KAFKA_SSL');
  });

  it('compares the bodies of calls only when it is told to', () => {
    expect(parseConfiguration({}).COMPARE_CALL_BODIES).toBe(false);
    expect(parseConfiguration({ COMPARE_CALL_BODIES: 'true' }).COMPARE_CALL_BODIES).toBe(true);
    expect(() => parseConfiguration({ COMPARE_CALL_BODIES: '1' })).toThrow('COMPARE_CALL_BODIES');
  });

  it('trusts no proxy but those that are named, by address or range', () => {
    expect(parseConfiguration({}).TRUSTED_PROXIES).toEqual([]);
    const named = ['10.0.0.0/8', '203.0.113.7', 'fd00::/8', '::1', 'loopback'];
    expect(parseConfiguration({ TRUSTED_PROXIES: named.join() }).TRUSTED_PROXIES).toEqual(named);
    for (const wrong of [
      'true',
      '1',
      'proxy',
      '10.0.0.0/33',
      '0.0.0.0/0',
      '10.0.0.0/8/8',
      '10.0.0.0/',
      '*',
    ]) {
      expect(() => parseConfiguration({ TRUSTED_PROXIES: wrong })).toThrow(/TRUSTED_PROXIES/);
    }
  });

  it('reads lists by comma without blanks and empty parts', () => {
    expect(parseConfiguration({ ROOMS: ' metering, billing,,' }).ROOMS).toEqual(['metering', 'billing']);
  });

  it('refuses a country that is no code: a typing error here would hold every SMS', () => {
    for (const countries of ['dk', 'Denmark', 'DK;FO']) {
      expect(() => parseConfiguration({ ALLOWED_SMS_COUNTRIES: countries })).toThrow(/ALLOWED_SMS_COUNTRIES/);
    }
  });

  it('reads the fixed clock as an instant', () => {
    expect(parseConfiguration({ FIXED_CLOCK: '2026-10-05T10:00:00+02:00' }).FIXED_CLOCK).toEqual(
      new Date('2026-10-05T08:00:00Z'),
    );
  });

  it.each([
    ['PORT', '65536'],
    ['PORT', 'http'],
    ['PORT', '80.5'],
    ['DATABASE_URL', 'mysql://localhost/x'],
    ['FIXED_CLOCK', '2026-10-05'],
    ['LOG_LEVEL', 'loud'],
    ['GRACE_HOURS', '-1'],
    ['TAXAMETER_URL', 'localhost'],
    ['SMTP_URL', 'https://host'],
    ['SMTP_URL', 'smtp://host/?tls=no'],
    ['SMTP_URL', 'smtp://user:100%@host'],
    ['MAIL_FROM', 'Taxameter'],
    ['PUBLIC_URL', 'javascript:alert(1)'],
  ])('refuses %s=%s and names the variable', (name, value) => {
    const parse = () => parseConfiguration({ [name]: value });
    expect(parse).toThrow(ConfigurationError);
    expect(parse).toThrow(`${name}: `);
  });

  it('takes a mail server and a sender together or not at all, and never shows the password', () => {
    const SMTP_URL = 'smtps://me:canary-2@host:465';
    expect(parseConfiguration({ SMTP_URL, MAIL_FROM: 'alarm@example.com' })).toMatchObject({ SMTP_URL });
    expect(() => parseConfiguration({ MAIL_FROM: 'alarm@example.com' })).toThrow('SMTP_URL: ');
    const alone = () => parseConfiguration({ SMTP_URL });
    expect(alone).toThrow('MAIL_FROM: ');
    expect(alone).not.toThrow(/canary-2/);
  });

  it('names every wrong variable at once, and never shows a database password', () => {
    const parse = () => parseConfiguration({ PORT: 'x', DATABASE_URL: 'mysql://me:canary-1@host/db' });
    expect(parse).toThrow(/PORT: .*DATABASE_URL: must look like postgres|DATABASE_URL: .*PORT: /s);
    expect(parse).not.toThrow(/canary-1/);
  });

  it('cannot be changed afterwards and takes nothing that it does not know', () => {
    const configuration = parseConfiguration({ PORT: '1', HOME: '/root' });
    expect(() => Object.assign(configuration, { PORT: 2 })).toThrow(TypeError);
    expect(configuration).not.toHaveProperty('HOME');
  });
});
