import { z } from 'zod';

/** What can be configured, with its defaults. Read once at the edge of the process, validated, frozen, passed in. */

const list = z.string().transform((value) =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const EVERYBODY = /\/0+$/;
const PROXY = z
  .union([z.literal('loopback'), z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
    error: 'must be an address, a range such as 10.0.0.0/8, or loopback',
  })
  .refine((range) => !EVERYBODY.test(range), 'must not be everybody');

const ADDRESS = /^https?:\/\/[^/?#@\s]+$/;

/** Nothing but scheme, login, host and port: what else an address may hold is not heeded, so it is refused. */
function isSmtpUrl(text: string): boolean {
  return (
    /^smtps?:\/\/([^\s:@/?#]+:[^\s:@/?#]*@)?[^\s:@/?#]+(:\d{1,5})?$/.test(text) &&
    canDecode(text) &&
    URL.canParse(text)
  );
}

function canDecode(text: string): boolean {
  return !/%(?![0-9A-Fa-f]{2})/.test(text);
}

export const configurationSchema = z.object({
  HOST: z.string().min(1).default('127.0.0.1').describe('address to listen on'),
  PORT: z.coerce
    .number()
    .int()
    .min(0)
    .max(65_535)
    .default(3000)
    .describe('port to listen on; 0 takes a free one'),
  DATABASE_URL: z
    .url({ protocol: /^postgres(ql)?$/, error: 'must look like postgres://user:password@host:5432/database' })
    .optional()
    .describe('a PostgreSQL of your own; without it an embedded one is started in DATA_DIR'),
  DATA_DIR: z.string().min(1).default('data').describe('folder of the embedded PostgreSQL'),
  KAFKA_BROKERS: list
    .default([])
    .describe('host:port of Kafka brokers, by comma; empty: events travel through PostgreSQL (standalone)'),
  KAFKA_SSL: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe('true: the brokers speak TLS, with a certificate that Node trusts (NODE_EXTRA_CA_CERTS)'),
  KAFKA_SASL_MECHANISM: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('how this process logs in to Kafka; empty: it does not'),
  KAFKA_SASL_USERNAME: z.string().optional().describe('user of KAFKA_SASL_MECHANISM'),
  KAFKA_SASL_PASSWORD: z.string().optional().describe('password of KAFKA_SASL_MECHANISM'),
  TOPIC_PREFIX: z
    .string()
    .regex(
      /^[A-Za-z0-9._-]{0,100}$/,
      'may hold letters, digits, dots, hyphens and underscores only, at most 100',
    )
    .default('')
    .describe('stands before the name of every topic: several installations, or tests, on one Kafka'),
  COMPARE_CALL_BODIES: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe('true: a call that comes again with another body is quarantined; false: it is a duplicate'),
  ROOMS: list.default([]).describe('rooms that this process runs, by comma; empty: all'),
  ROOM_URLS: list
    .transform((parts, context) => {
      const urls = new Map(parts.map((part) => part.split(/=(.*)/s, 2) as [string, string | undefined]));
      const wrong = [...urls].find(([, url]) => url === undefined || !ADDRESS.test(url));
      if (wrong) context.addIssue(`"${wrong.join('=')}" must look like metering=http://metering:3000`);
      return urls as ReadonlyMap<string, string>;
    })
    .default(new Map())
    .describe(
      'rooms that other processes run and this one passes requests on to, as room=http://host:port by comma',
    ),
  TRUSTED_PROXIES: list
    .pipe(z.array(PROXY))
    .default([])
    .describe(
      'proxies before this process, whose X-Forwarded-For, -Proto and -Host are believed: addresses, ranges or loopback, by comma',
    ),
  FIXED_CLOCK: z.iso
    .datetime({ offset: true })
    .transform((value) => new Date(value))
    .optional()
    .describe('an instant at which the clock stands still (demo, tests)'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  WEBHOOK_ALLOWED_HOSTS: list
    .default([])
    .describe('hosts that webhooks may reach although they are private or loopback (tests, intranet)'),
  SMTP_URL: z
    .string()
    .refine(isSmtpUrl, 'must look like smtps://user:password@host:465 or smtp://host:587')
    .optional()
    .describe('server that mail is sent through, with MAIL_FROM; empty: no mail is sent'),
  MAIL_FROM: z.email({ error: 'must be an e-mail address' }).optional().describe('sender of mail'),
  PUBLIC_URL: z
    .string()
    .regex(ADDRESS, 'must look like https://taxameter.example.com')
    .optional()
    .describe('address at which people reach the pages, for links in mail'),
  ALLOWED_SMS_COUNTRIES: list
    .pipe(z.array(z.string().regex(/^[A-Z]{2}$/, 'must be two-letter country codes such as DK,FO,GL')).min(1))
    .default(['DK'])
    .describe('countries whose SMS are billed; others are held (A5)'),
  GRACE_HOURS: z.coerce
    .number()
    .int()
    .min(0)
    .max(2160)
    .default(72)
    .describe('hours after a quarter before its run'),
  TWO_PERSONS: z
    .enum(['true', 'false'])
    .default('false')
    .transform((value) => value === 'true')
    .describe('true: a block, a deactivation and a reactivation need the approval of a second person'),
  APPROVAL_HOURS: z.coerce
    .number()
    .int()
    .min(1)
    .max(72)
    .default(4)
    .describe('hours after which a temporary block ends unless a second person has approved it'),
  SELLER_FILE: z.string().optional().describe('JSON file with the seller printed on invoices'),
  TAXAMETER_URL: z.url().optional().describe('address of a running Taxameter, for the commands'),
  TAXAMETER_TOKEN: z.string().optional().describe('token for the commands'),
});

export type Configuration = Readonly<z.output<typeof configurationSchema>>;

/** The configuration cannot be used; the message names the variable and says what it must look like. */
export class ConfigurationError extends Error {}

/**
 * Validates variables into a configuration. An empty variable counts as absent, as in a compose file.
 * @throws ConfigurationError naming every variable that is wrong
 */
export function parseConfiguration(variables: Record<string, string | undefined>): Configuration {
  const given = Object.fromEntries(
    Object.keys(configurationSchema.shape)
      .map((name) => [name, variables[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ''),
  );
  const result = configurationSchema.safeParse(given);
  if (result.success) return Object.freeze(withWholeMail(withWholeLogin(result.data)));
  const wrong = result.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new ConfigurationError(`the configuration is not usable: ${wrong.join('; ')}`);
}

/** A third of a login is a mistake that would only show as a refusal of the broker. */
function withWholeLogin(configuration: Configuration): Configuration {
  const names = ['KAFKA_SASL_MECHANISM', 'KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'] as const;
  const missing = names.filter((name) => configuration[name] === undefined);
  if (missing.length === 0 || missing.length === names.length) return configuration;
  throw new ConfigurationError(
    `the configuration is not usable: ${missing.join(', ')}: must be set with the other KAFKA_SASL_ variables`,
  );
}

function withWholeMail(configuration: Configuration): Configuration {
  const { SMTP_URL: server, MAIL_FROM: sender } = configuration;
  if ((server === undefined) === (sender === undefined)) return configuration;
  const missing = server === undefined ? 'SMTP_URL' : 'MAIL_FROM';
  throw new ConfigurationError(
    `the configuration is not usable: ${missing}: SMTP_URL and MAIL_FROM must be set together`,
  );
}
