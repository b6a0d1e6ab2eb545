import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** Runs a contender as a process of its own, so that none warms up or fills the memory of another. */
export async function runContender<Answer>(
  name: string,
  args: readonly string[],
  built = new URL('./', import.meta.url),
): Promise<Answer> {
  const script = fileURLToPath(new URL(`${name}.js`, built));
  const child = spawn(process.execPath, ['--max-old-space-size=6000', script, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, error] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (error += chunk.toString()));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${name} ended with ${code}: ${error}`);
  return JSON.parse(output) as Answer;
}
