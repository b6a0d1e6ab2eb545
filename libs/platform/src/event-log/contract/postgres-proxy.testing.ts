import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A TCP proxy in front of PostgreSQL that cuts a connection while its COMMIT is on the way. */

/**
 * `unsent`: PostgreSQL never gets the COMMIT. `in-flight`: it gets the COMMIT, and the connection is gone at the same moment.
 * `unanswered`: it has committed, and its answer does not arrive.
 */
export type CutMoment = 'unsent' | 'in-flight' | 'unanswered';

export interface PostgresProxy {
  /** The connection string through the proxy. */
  readonly url: string;
  /** COMMITs that were cut so far. */
  cuts(): number;
  /** Cuts the next COMMIT of a transaction that has sent `mark`, once. */
  cutNext(moment: CutMoment): void;
  stop(): Promise<void>;
}

/** The simple query `COMMIT` as the protocol has it: `Q`, the length of what follows, the text, NUL. */
const COMMIT = Buffer.from('Q\0\0\0\x0bCOMMIT\0', 'latin1');

/** @param mark bytes by which a transaction is told from others, such as the beginning of a statement in it */
export async function startPostgresProxy(databaseUrl: string, mark: string): Promise<PostgresProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<Socket>();
  let armed: CutMoment | null = null;
  let cuts = 0;
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    let isMarked = false;
    const cut = () => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (bytes) => {
      isMarked ||= bytes.includes(mark);
      if (!isMarked || armed === null || !bytes.includes(COMMIT)) return void upstream.write(bytes);
      const moment = armed;
      armed = null;
      cuts += 1;
      if (moment === 'unsent') return cut();
      upstream.removeAllListeners('data');
      if (moment === 'unanswered') upstream.on('data', cut);
      upstream.write(bytes, () => {
        if (moment === 'in-flight') cut();
      });
    });
    upstream.on('data', (bytes) => client.write(bytes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    cuts: () => cuts,
    cutNext: (moment) => void (armed = moment),
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
