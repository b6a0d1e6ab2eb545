import { parseConfiguration } from '@taxameter/platform';
import { ALL_ROOMS } from '@taxameter/server';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, taxameter } from './command-line.js';

/** What docker-compose.yml must not forget. Docker itself is not run here. */

const compose = readFileSync(join(ROOT, 'docker-compose.yml'), 'utf8').replace(/^\s*#.*$/gm, '');
const found = (pattern: RegExp) => [...compose.matchAll(pattern)].map((match) => match[1]!);

describe('docker-compose.yml', () => {
  it('makes the topics by a command that the built image has', async () => {
    const [words] = found(/command: \['node', 'services\/cli\/dist\/main\.js', (.+)\]/g);
    const args = words!.split(', ').map((word) => word.slice(1, -1));
    expect(args).toEqual(['topics', 'create']);
    const { code, stderr } = await taxameter(args).finished;
    expect([code, stderr]).toEqual([2, expect.stringContaining('set KAFKA_BROKERS')]);
  });

  it('runs each room in a container of its name, by a process that the built image has', () => {
    const rooms = [
      ...compose.matchAll(
        /^ {2}([\w-]+):\n {4}<<: \*room\n {4}command: \['node', (?:'--[a-z-]+=\d+', )?'(.+)'\]/gm,
      ),
    ];
    expect(rooms.map(([, name]) => name).sort()).toEqual(ALL_ROOMS.map(({ name }) => name).sort());
    for (const [, name, script] of rooms) {
      expect(script).toBe(`services/${name}/dist/main.js`);
      expect(existsSync(join(ROOT, script!))).toBe(true);
    }
  });

  it('puts every other room behind the address of the console', () => {
    const [setting] = found(/ROOM_URLS: (.+)/g);
    const { ROOM_URLS } = parseConfiguration({ ROOM_URLS: setting });
    const others = ALL_ROOMS.map(({ name }) => name).filter((name) => name !== 'console');
    expect([...ROOM_URLS].sort()).toEqual(others.map((name) => [name, `http://${name}:3000`]).sort());
  });

  it('has no password of its own and does not start without one', () => {
    const passwords = found(/(\$\{[^}]*PASSWORD[^}]*\}|PASSWORD: [^$\n]+)/g);
    expect(passwords.length).toBeGreaterThan(0);
    expect(passwords.filter((text) => text !== '${POSTGRES_PASSWORD:?set POSTGRES_PASSWORD}')).toEqual([]);
  });

  it('opens ports to this machine only', () => {
    const ports = found(/^\s+- '([\d.:]+)'$/gm);
    expect(ports.length).toBeGreaterThan(0);
    expect(ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('runs the Kafka that the tests run', () => {
    const pom = readFileSync(join(ROOT, 'infra/kafka/pom.xml'), 'utf8');
    const [, version] = /<artifactId>kafka_2\.13<\/artifactId>\s*<version>([\d.]+)</.exec(pom)!;
    expect(found(/image: apache\/kafka:(.+)/g)).toEqual([version]);
  });
});
