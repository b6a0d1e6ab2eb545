/**
 * Decides who owns a running server: the session that holds one advisory lock, as long as its process
 * lives.
 */
import pg from 'pg';

/** Any fixed number; it only has to be the same in every version. */
const OWNER_LOCK = 7_484_151;
const NAME = 'taxameter owner';
/** Advisory locks belong to one database, so every contender must meet in the same one. */
const MEETING_PLACE = 'postgres';
const RETAKE_EVERY_MS = 250;

/** Where the server listens and how to get in. */
export interface Login {
  readonly port: number;
  readonly password: string;
}

/**
 * The lock of the living owner. PostgreSQL gives it back the moment the owner's connection ends, be it by
 * kill -9: so no left-over can block, and a process id that is used again cannot pass for the owner.
 */
export class OwnerLock {
  private released = false;
  private connected = true;
  private retaking: Promise<void> | undefined;

  private constructor(
    private client: pg.Client,
    private readonly login: Login,
    private readonly onLost: (line: string) => void,
  ) {
    this.watch();
  }

  /**
   * Takes the lock, or tells the process that has it.
   * @throws Error of `pg` when the server does not let us in (yet)
   */
  static async take(login: Login, onLost: (line: string) => void): Promise<OwnerLock | { heldBy: number }> {
    const taken = await tryTake(login);
    return taken instanceof pg.Client ? new OwnerLock(taken, login, onLost) : taken;
  }

  /** Runs a statement over the owner's connection. */
  async query<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.client.query<Row>(text, values)).rows;
  }

  /**
   * From now on the end of the connection is expected; call it before the server is told to stop. False
   * when another process (or another start of this one) has taken the server over after a crash: then it is
   * not ours to stop.
   */
  async expectEnd(): Promise<boolean> {
    await this.retaking;
    this.released = true;
    if (this.connected) return true;
    const taken = await tryTake(this.login).catch(() => undefined);
    if (taken instanceof pg.Client) this.client = taken;
    return taken === undefined || taken instanceof pg.Client;
  }

  /** Gives the lock back. */
  async release(): Promise<void> {
    this.released = true;
    await this.client.end().catch(() => undefined);
  }

  private watch(): void {
    this.client.once('end', () => {
      this.connected = false;
      if (this.released) return;
      this.onLost('The PostgreSQL server closed the connection; waiting for it to come back');
      this.retakeSoon();
    });
  }

  /**
   * After a crash of one backend PostgreSQL restarts by itself: without the lock a second start would take
   * over.
   */
  private retakeSoon(): void {
    setTimeout(() => {
      this.retaking = this.retake();
    }, RETAKE_EVERY_MS).unref();
  }

  private async retake(): Promise<void> {
    if (this.released) return;
    const taken = await tryTake(this.login).catch(() => undefined);
    if (taken === undefined) return this.retakeSoon();
    if (!(taken instanceof pg.Client)) {
      return this.onLost(`The PostgreSQL server has been taken over by process ${taken.heldBy}`);
    }
    if (this.released) return void (await taken.end());
    this.client = taken;
    this.connected = true;
    this.watch();
  }
}

/** A client for the server's administration, with every option given: `pg` fills gaps from PG… variables. */
async function tryTake(login: Login): Promise<pg.Client | { heldBy: number }> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: login.port,
    user: 'taxameter',
    password: login.password,
    database: MEETING_PLACE,
    application_name: `${NAME} ${process.pid}`,
    options: '-c statement_timeout=0',
    ssl: false,
    connectionTimeoutMillis: 3_000,
  });
  // Without a listener a server that dies under us would end this process by an unhandled 'error' event.
  client.on('error', () => undefined);
  try {
    await client.connect();
    const { rows } = await client.query<{ taken: boolean }>('SELECT pg_try_advisory_lock($1) AS taken', [
      OWNER_LOCK,
    ]);
    if (rows[0]?.taken) return client;
    const holder = await client.query<{ application_name: string }>(
      `SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'advisory' AND objid = $1 AND granted`,
      [OWNER_LOCK],
    );
    const [row] = holder.rows;
    if (row === undefined) throw new Error('the lock was given back at this moment');
    await client.end();
    return { heldBy: Number(row.application_name.slice(NAME.length)) };
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}
