/** `npm run bench -- NAME`. Each bench reads its own options. */

const BENCHES: Readonly<Record<string, () => Promise<unknown>>> = {
  pipeline: () => import('./run.js'),
  emitter: () => import('./emitter.js'),
  'fair-use': () => import('./fair-use.js'),
};

const bench = BENCHES[process.argv[2] ?? ''];
if (bench) await bench();
else {
  process.stderr.write(`name the bench: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exitCode = 2;
}
