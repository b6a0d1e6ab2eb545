import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fetchKafkaJars, KAFKA_SETTINGS, whyNoLocalKafka } from './kafka-jars.service.js';
import { claimFolder, noteNode, TEST_BROKER_PREFIX } from './kafka-left-overs.service.js';

/** Runs real Kafka brokers for specs and benches, on free ports, in a folder of their own. */

export interface TestNode {
  readonly id: number;
  /** Of the process that runs now; another one after `restart()`. */
  readonly pid: number;
  readonly port: number;
  /** Sends the signal and waits until the process is gone. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the node again on its ports and its data, after stopping it politely if it still runs. */
  restart(): Promise<void>;
}

export interface TestBroker {
  /** `host:port,…` of the door that lets everybody in. */
  readonly brokers: string;
  /** `host:port,…` of the door that asks for SCRAM-SHA-512. */
  readonly saslBrokers: string;
  readonly login: { readonly username: string; readonly password: string };
  readonly nodes: readonly TestNode[];
  stop(): Promise<void>;
}

const HEAP_MB = { 1: 256, 3: 192 } as const;
const READY = 'Kafka Server started';
/** Three brokers on two busy cores took 15 s. */
const READY_WITHIN_MS = 120_000;
const PORT_ATTEMPTS = 5;
const POLITE_STOP_MS = 15_000;
const POLL_MS = 50;

interface Node {
  readonly id: number;
  readonly folder: string;
  readonly ports: { readonly port: number; readonly saslPort: number; readonly controllerPort: number };
  child: ChildProcess | undefined;
}

interface Cluster {
  readonly jars: string;
  readonly heapMb: number;
  readonly login: TestBroker['login'];
  readonly nodes: readonly Node[];
}

class PortTaken extends Error {}

/**
 * One broker, or three that hold three copies of everything and accept a write when two have it.
 * @throws Error saying what this machine lacks, or with the end of the broker's log when it does not become ready
 */
export async function startTestBroker(
  options: { brokers?: 1 | 3; folder?: string } = {},
): Promise<TestBroker> {
  const missing = whyNoLocalKafka();
  if (missing !== undefined) throw new Error(missing);
  const count = options.brokers ?? 1;
  const jars = await fetchKafkaJars();
  const folder = options.folder ?? (await mkdtemp(join(tmpdir(), TEST_BROKER_PREFIX)));
  await mkdir(folder, { recursive: true });
  claimFolder(folder);
  const login = { username: 'taxameter', password: randomBytes(12).toString('hex') };
  for (let attempt = 1; ; attempt += 1) {
    const own = join(folder, `attempt-${attempt}`);
    const cluster = await prepareCluster(own, count, { jars, heapMb: HEAP_MB[count], login });
    try {
      await startCluster(cluster);
      return publish(cluster, async () => {
        await stopAll(cluster);
        await rm(options.folder === undefined ? folder : own, { recursive: true, force: true });
      });
    } catch (error) {
      await Promise.all(cluster.nodes.map((node) => end(node, 'SIGKILL')));
      if (!(error instanceof PortTaken) || attempt >= PORT_ATTEMPTS) throw error;
    }
  }
}

async function prepareCluster(folder: string, count: 1 | 3, rest: Omit<Cluster, 'nodes'>): Promise<Cluster> {
  const ports = await freePorts(count * 3);
  const nodes = Array.from({ length: count }, (_, index): Node => {
    const [port, saslPort, controllerPort] = ports.slice(index * 3, index * 3 + 3) as [
      number,
      number,
      number,
    ];
    const id = index + 1;
    return {
      id,
      folder: join(folder, `node-${id}`),
      ports: { port, saslPort, controllerPort },
      child: undefined,
    };
  });
  const template = await readFile(join(KAFKA_SETTINGS, 'server.properties'), 'utf8');
  const voters = nodes.map((node) => `${node.id}@127.0.0.1:${node.ports.controllerPort}`).join(',');
  for (const node of nodes) {
    await mkdir(node.folder, { recursive: true });
    const values: Record<string, string | number> = {
      ...node.ports,
      nodeId: node.id,
      voters,
      folder: join(node.folder, 'data'),
      copies: count,
      minimumCopies: count === 1 ? 1 : 2,
    };
    const settings = template.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name]));
    await writeFile(join(node.folder, 'server.properties'), settings);
  }
  return { ...rest, nodes };
}

async function startCluster(cluster: Cluster): Promise<void> {
  const clusterId = randomBytes(16).toString('hex').slice(0, 22);
  const { username, password } = cluster.login;
  const scram = `SCRAM-SHA-512=[name=${username},password=${password}]`;
  await Promise.all(
    cluster.nodes.map(async (node) => {
      const settings = join(node.folder, 'server.properties');
      const args = ['kafka.tools.StorageTool', 'format', '-t', clusterId, '-c', settings];
      const format = spawnJava(cluster, node, 'format.log', [...args, '--add-scram', scram]);
      if ((await exitOf(format)) !== 0)
        throw new Error(`Kafka could not format its folder:\n${logOf(node, 'format.log')}`);
    }),
  );
  await startNodes(cluster, cluster.nodes);
}

async function startNodes(cluster: Cluster, nodes: readonly Node[]): Promise<void> {
  for (const node of nodes) {
    const args = ['kafka.Kafka', join(node.folder, 'server.properties')];
    node.child = spawnJava(cluster, node, 'broker.log', args);
    if (node.child.pid !== undefined) noteNode(node.folder, node.child.pid);
  }
  await Promise.all(nodes.map((node) => untilReady(node)));
  // Who forgets to stop a broker shall not hang at its end.
  for (const node of nodes) node.child?.unref();
}

function spawnJava(cluster: Cluster, node: Node, log: string, args: readonly string[]): ChildProcess {
  const path = join(node.folder, log);
  // A file, not a pipe: the broker must not depend on who reads it, and a second start begins a new log.
  writeFileSync(path, '');
  const file = openSync(path, 'a');
  const quick = ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto'];
  const logging = `-Dlog4j2.configurationFile=file:${join(KAFKA_SETTINGS, 'log4j2.properties')}`;
  const child = spawn(
    'java',
    [`-Xmx${cluster.heapMb}m`, ...quick, logging, '-cp', join(cluster.jars, '*'), ...args],
    { stdio: ['ignore', file, file], cwd: node.folder },
  );
  closeSync(file);
  return child;
}

async function untilReady(node: Node): Promise<void> {
  const deadline = performance.now() + READY_WITHIN_MS;
  for (;;) {
    const log = logOf(node, 'broker.log');
    if (log.includes(READY)) return;
    if (/BindException|Address already in use/.test(log)) throw new PortTaken(log);
    if (node.child?.exitCode !== null || node.child.signalCode !== null)
      throw new Error(`Kafka node ${node.id} ended before it was ready:\n${log.slice(-4_000)}`);
    if (performance.now() > deadline)
      throw new Error(
        `Kafka node ${node.id} was not ready after ${READY_WITHIN_MS / 1_000} s:\n${log.slice(-4_000)}`,
      );
    await sleep(POLL_MS);
  }
}

function publish(cluster: Cluster, stop: () => Promise<void>): TestBroker {
  const list = (port: 'port' | 'saslPort') =>
    cluster.nodes.map((node) => `127.0.0.1:${node.ports[port]}`).join(',');
  const nodes = cluster.nodes.map((node): TestNode => ({
    id: node.id,
    port: node.ports.port,
    get pid() {
      return node.child?.pid ?? 0;
    },
    kill: (signal = 'SIGKILL') => end(node, signal),
    restart: async () => {
      await end(node, 'SIGTERM');
      await startNodes(cluster, [node]);
    },
  }));
  return { brokers: list('port'), saslBrokers: list('saslPort'), login: cluster.login, nodes, stop };
}

/** All at once: three brokers that go one after another would wait for each other's copies. */
async function stopAll(cluster: Cluster): Promise<void> {
  await Promise.all(
    cluster.nodes.map((node) => end(node, cluster.nodes.length === 1 ? 'SIGTERM' : 'SIGKILL')),
  );
}

async function end(node: Node, signal: NodeJS.Signals): Promise<void> {
  const { child } = node;
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const gone = exitOf(child);
  child.kill(signal);
  const patience = setTimeout(() => child.kill('SIGKILL'), POLITE_STOP_MS);
  await gone;
  clearTimeout(patience);
}

function exitOf(child: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve(child.exitCode);
    child.once('error', reject);
    child.once('exit', resolve);
  });
}

function logOf(node: Node, log: string): string {
  return readFileSync(join(node.folder, log), 'utf8');
}

/** All held open at once, so that they are different; somebody else may still take one before Kafka does. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(0, '127.0.0.1', resolve);
      });
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
