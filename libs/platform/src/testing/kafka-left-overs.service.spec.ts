import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describeWithOwnKafka } from './kafka-available.service.js';
import { discardLeftOverBrokers, TEST_BROKER_PREFIX } from './kafka-left-overs.service.js';

const FIXTURE = fileURLToPath(new URL('./kafka-broker.fixture.mjs', import.meta.url));

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describeWithOwnKafka('brokers that a killed run left', () => {
  it('live on while their owner lives, and are ended with their folder when it is gone', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'taxameter-left-overs-'));
    const folder = join(parent, `${TEST_BROKER_PREFIX}x`);
    const owner = spawn(process.execPath, [FIXTURE, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve, reject) => {
      owner.stdout.once('data', (chunk: Buffer) => resolve(Number(chunk)));
      owner.once('exit', (code) => reject(new Error(`the fixture ended with ${code}`)));
    });
    await discardLeftOverBrokers(parent);
    expect([isAlive(pid), existsSync(folder)]).toEqual([true, true]);

    const gone = new Promise((resolve) => owner.once('exit', resolve));
    owner.kill('SIGKILL');
    await gone;
    expect(isAlive(pid)).toBe(true);
    await discardLeftOverBrokers(parent);
    for (let waited = 0; isAlive(pid) && waited < 100; waited += 1) await sleep(50);
    expect([isAlive(pid), existsSync(folder)]).toEqual([false, false]);
    await rm(parent, { recursive: true });
  });
});
