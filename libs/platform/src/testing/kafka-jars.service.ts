import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Brings the jars of Apache Kafka from Maven Central, once, and says what is missing when it cannot. */

export const KAFKA_SETTINGS = fileURLToPath(new URL('../../../../infra/kafka/', import.meta.url));
const CACHE = fileURLToPath(new URL('../../../../node_modules/.cache/taxameter-kafka/', import.meta.url));
/** Kafka 4 brokers do not run on an older one. */
const OLDEST_JAVA = 17;

/** The folder of the jars; its name changes with the pom, so a new version is fetched by itself. */
function jarFolder(): string {
  const pom = readFileSync(join(KAFKA_SETTINGS, 'pom.xml'));
  return join(CACHE, createHash('sha256').update(pom).digest('hex').slice(0, 16));
}

/** Why no broker can be started on this machine, in one sentence; undefined when one can. */
export function whyNoLocalKafka(): string | undefined {
  const java = spawnSync('java', ['-version'], { encoding: 'utf8' });
  if (java.error) return `Java is not installed: install Java ${OLDEST_JAVA} or newer, or set KAFKA_BROKERS`;
  const version = Number(/version "(?:1\.)?(\d+)/.exec(java.stderr)?.[1] ?? 0);
  if (version < OLDEST_JAVA)
    return `Java is version ${version}: Kafka needs Java ${OLDEST_JAVA} or newer, or set KAFKA_BROKERS`;
  if (existsSync(jarFolder())) return undefined;
  const maven = spawnSync('mvn', ['-v'], { stdio: 'ignore' });
  return maven.error ? 'Maven is not installed: install it (mvn), or set KAFKA_BROKERS' : undefined;
}

/**
 * The folder that holds the jars, fetched when it is not there yet (about 11 s, 44 MB).
 * @throws Error with Maven's words when they cannot be fetched
 */
export async function fetchKafkaJars(): Promise<string> {
  const folder = jarFolder();
  if (existsSync(folder)) return folder;
  // Each fetches into a folder of its own and the first one done wins, so no half-filled folder is ever used.
  const own = `${folder}-${process.pid}-${Math.random().toString(36).slice(2)}`;
  await mkdir(own, { recursive: true });
  try {
    await runMaven(own);
    await rename(own, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
  } finally {
    await rm(own, { recursive: true, force: true });
  }
  return folder;
}

async function runMaven(outputFolder: string): Promise<void> {
  const args = ['-B', '-q', 'dependency:copy-dependencies', `-DoutputDirectory=${outputFolder}`];
  const maven = spawn('mvn', args, { cwd: KAFKA_SETTINGS, stdio: ['ignore', 'pipe', 'pipe'] });
  let words = '';
  for (const stream of [maven.stdout, maven.stderr])
    stream.on('data', (chunk: Buffer) => (words += chunk.toString()));
  const code = await new Promise<number | null>((resolve, reject) => {
    maven.on('error', reject);
    maven.on('close', resolve);
  });
  if (code !== 0)
    throw new Error(
      `Maven could not bring the Kafka broker: check the network or set KAFKA_BROKERS\n${words.slice(0, 2_000)}`,
    );
}
