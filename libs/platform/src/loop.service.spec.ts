import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { startLoop, type Loop } from './loop.service.js';

const loops: Loop[] = [];
const lines: { err?: { message: string }; failures?: number; loop?: string }[] = [];
const logger = pino({}, { write: (line: string) => void lines.push(JSON.parse(line) as (typeof lines)[0]) });

const start = (step: () => Promise<boolean>, idleMs = 60_000) => {
  const loop = startLoop({ name: 'probe', idleMs, logger, step });
  loops.push(loop);
  return loop;
};
const until = async (condition: () => boolean) => {
  for (let tries = 0; tries < 400 && !condition(); tries += 1) await sleep(5);
  expect(condition()).toBe(true);
};

afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
  lines.splice(0);
});

describe('startLoop', () => {
  it('goes on at once while there is work and then rests', async () => {
    let steps = 0;
    start(async () => {
      steps += 1;
      return steps < 5;
    });
    await until(() => steps === 5);
    await sleep(50);
    expect(steps).toBe(5);
  });

  it('does not wait out its rest when it is woken', async () => {
    let steps = 0;
    const loop = start(async () => {
      steps += 1;
      return false;
    });
    await until(() => steps === 1);
    await sleep(5);
    loop.wake();
    await until(() => steps === 2);
  });

  it('remembers a wake that comes while a step is running', async () => {
    let steps = 0;
    let finish = () => undefined as void;
    const loop = start(async () => {
      steps += 1;
      if (steps === 1) await new Promise<void>((resolve) => (finish = resolve));
      return false;
    });
    await until(() => steps === 1);
    loop.wake();
    finish();
    await until(() => steps === 2);
    await sleep(20);
    expect(steps).toBe(2);
  });

  it('logs a step that throws and tries again, neither at once nor after the whole rest', async () => {
    const at: number[] = [];
    start(async () => {
      at.push(performance.now());
      if (at.length < 3) throw new Error('the database is away');
      return false;
    });
    await until(() => at.length === 3);
    expect(at[1]! - at[0]!).toBeGreaterThan(80);
    expect(at[2]! - at[1]!).toBeGreaterThan(160);
    expect(lines.map(({ failures, loop }) => [loop, failures])).toEqual([
      ['probe', 1],
      ['probe', 2],
    ]);
  });

  it('lets the running step finish before it is stopped, and begins no other', async () => {
    const seen: string[] = [];
    const loop = start(async () => {
      seen.push('begun');
      await sleep(40);
      seen.push('done');
      return true;
    });
    await until(() => seen.length === 1);
    await loop.stop();
    expect(seen).toEqual(['begun', 'done']);
    await sleep(30);
    expect(seen).toHaveLength(2);
  });

  it('stops at once out of a long rest', async () => {
    const loop = start(async () => false, 3_600_000);
    const started = performance.now();
    await sleep(10);
    await loop.stop();
    expect(performance.now() - started).toBeLessThan(1_000);
  });
});
