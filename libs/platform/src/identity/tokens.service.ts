import { createHash, randomBytes } from 'node:crypto';
import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../clock.js';
import type { Actor, Role } from '../database/actor.js';
import { ConfigurationError } from '../configuration.js';
import { openRoom } from '../database/room-database.service.js';
import { Problem } from '../http/problem.js';
import { newId } from '../identifiers.service.js';
import {
  GatewayRole1760000000001,
  Identity1760000000000,
  TokensOfPartners1760000000002,
} from './identity.migration.js';

/** Who may call: bearer tokens of 256 random bits, of which only the SHA-256 is stored, and set-up links used once. */

export const IDENTITY_ROOM = {
  name: 'identity',
  migrations: [Identity1760000000000, GatewayRole1760000000001, TokensOfPartners1760000000002],
};

const SETUP_LINK_MS = 15 * 60_000;
export const SESSION_MS = 12 * 3_600_000;

export interface NewToken {
  readonly role: Role;
  /** Required for, and only for, the role `partner`. */
  readonly partnerId?: string;
  readonly name: string;
  readonly expiresAt?: Date;
  /** Who asked for it; absent for what the system makes by itself. */
  readonly createdBy?: string;
}

/** Good tokens that a partner may have at once, when it makes them itself. */
export const MOST_TOKENS_OF_PARTNER = 20;

interface TokenRow {
  readonly id: string;
  readonly role: Role;
  readonly partnerId: string | null;
  readonly name: string;
  readonly createdBy: string | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
}

export type TokenInfo = Omit<TokenRow, 'createdAt' | 'expiresAt' | 'revokedAt'> & {
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
};

export class Tokens {
  constructor(
    private readonly database: DataSource,
    private readonly clock: Clock,
  ) {}

  /** Creates a token; its text is returned once and cannot be shown again. */
  issue(token: NewToken): Promise<{ id: string; secret: string }> {
    return this.insert(this.database.manager, token);
  }

  /** As `issue`, for a partner that asks for itself. @throws Problem 409 when the partner has as many as it may have */
  issueToPartner(token: NewToken & { readonly partnerId: string }): Promise<{ id: string; secret: string }> {
    return this.database.transaction(async (tx) => {
      // Two at once would each see room for one more.
      await tx.query('select pg_advisory_xact_lock(7340021, hashtext($1))', [token.partnerId]);
      const [{ good }] = await tx.query<[{ good: number }]>(
        `select count(*)::integer as good from token
         where partner_id = $1 and revoked_at is null and (expires_at is null or expires_at > $2)`,
        [token.partnerId, this.clock.now()],
      );
      if (good >= MOST_TOKENS_OF_PARTNER) {
        const detail = `${MOST_TOKENS_OF_PARTNER} tokens of ${token.partnerId} are good: revoke one first`;
        throw new Problem(409, 'too-many-tokens', detail);
      }
      return this.insert(tx, token);
    });
  }

  private async insert(tx: EntityManager, token: NewToken): Promise<{ id: string; secret: string }> {
    const id = newId('token', this.clock);
    const secret = `tax_${token.role}_${randomBytes(32).toString('base64url')}`;
    await tx.query(
      `insert into token (id, secret_hash, role, partner_id, name, created_at, expires_at, created_by)
       values ($1, $2, $3, $4, $5, $6, $7, $8)`,
      [
        id,
        digest(secret),
        token.role,
        token.partnerId ?? null,
        token.name,
        this.clock.now(),
        token.expiresAt ?? null,
        token.createdBy ?? null,
      ],
    );
    return { id, secret };
  }

  /** The actor of a token; null when it is unknown, expired or revoked, without telling which. */
  async authenticate(secret: string): Promise<Actor | null> {
    const [row] = await this.database.query<{ id: string; role: Role; partner_id: string | null }[]>(
      `select id, role, partner_id from token
       where secret_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)`,
      [digest(secret), this.clock.now()],
    );
    return row ? { id: row.id, role: row.role, partnerId: row.partner_id } : null;
  }

  /** What a token was named when it was made, also once it is dead; null when there never was one. */
  async nameOf(id: string): Promise<string | null> {
    const [row] = await this.database.query<{ name: string }[]>('select name from token where id = $1', [id]);
    return row?.name ?? null;
  }

  /**
   * @param wanted `partnerId`: only a token of this partner, null: any; `withMade`: also those that it made, and that these made
   * @returns how many were revoked, 0 when there is no such token that is still good
   */
  async revoke(
    id: string,
    { partnerId, withMade }: { readonly partnerId: string | null; readonly withMade: boolean },
  ): Promise<number> {
    const [, revoked] = await this.database.query<[unknown, number]>(
      `with recursive doomed (id) as (
         select id from token where id = $1 and ($3::text is null or partner_id = $3)
           and ($4 or revoked_at is null)
         union
         select made.id from token as made join doomed on made.created_by = doomed.id where $4
       )
       update token set revoked_at = $2 where id in (select id from doomed) and revoked_at is null`,
      [id, this.clock.now(), partnerId, withMade],
    );
    return revoked;
  }

  /** 1,000 at most: the good ones, and behind them the others, each the newest first. @param partnerId only those of this partner; null: all */
  async list(partnerId: string | null = null): Promise<TokenInfo[]> {
    const rows = await this.database.query<TokenRow[]>(
      `select id, role, partner_id as "partnerId", name, created_by as "createdBy", created_at as "createdAt",
              expires_at as "expiresAt", revoked_at as "revokedAt"
       from token where $1::text is null or partner_id = $1
       order by (revoked_at is null and (expires_at is null or expires_at > $2)) desc, id desc limit 1000`,
      [partnerId, this.clock.now()],
    );
    return rows.map(({ createdAt, expiresAt, revokedAt, ...row }) => ({
      ...row,
      createdAt: createdAt.toISOString(),
      expiresAt: expiresAt?.toISOString() ?? null,
      revokedAt: revokedAt?.toISOString() ?? null,
    }));
  }

  /** A secret for a link by which a person signs in as admin: good once, for 15 minutes. */
  async createSetupLink(): Promise<string> {
    const secret = randomBytes(32).toString('base64url');
    await this.database.query('insert into setup_link (secret_hash, expires_at) values ($1, $2)', [
      digest(secret),
      new Date(this.clock.now().getTime() + SETUP_LINK_MS),
    ]);
    return secret;
  }

  /** Trades the secret of a link for a session token; null when it was used, is unknown or too old. */
  async useSetupLink(secret: string): Promise<string | null> {
    const [, used] = await this.database.query<[unknown, number]>(
      'delete from setup_link where secret_hash = $1 and expires_at > $2',
      [digest(secret), this.clock.now()],
    );
    if (used === 0) return null;
    const expiresAt = new Date(this.clock.now().getTime() + SESSION_MS);
    return (await this.issue({ role: 'admin', name: 'console session', expiresAt })).secret;
  }
}

const BOOTSTRAP_MS = 5 * 60_000;

/**
 * An admin token for five minutes, straight from the database: how the first person gets in where no local file helps.
 * Who holds the database's login holds everything in any case.
 * @throws ConfigurationError when the database is away or was never migrated by a running Taxameter
 */
export async function issueBootstrapToken(databaseUrl: string, clock: Clock): Promise<string> {
  const database = await openRoom(databaseUrl, IDENTITY_ROOM).catch((error: unknown) => {
    if (!(error instanceof Error) || !/role "taxameter_identity" does not exist/.test(error.message))
      throw error;
    throw new ConfigurationError(
      'this database has never met Taxameter: start it once with this DATABASE_URL first',
    );
  });
  try {
    const expiresAt = new Date(clock.now().getTime() + BOOTSTRAP_MS);
    return (
      await new Tokens(database, clock).issue({ role: 'admin', name: 'command with DATABASE_URL', expiresAt })
    ).secret;
  } finally {
    await database.destroy();
  }
}

function digest(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
