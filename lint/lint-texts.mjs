// Lints texts that are not on disk, as if they stood at the paths given: reads [{ path, text }] from standard input,
// writes the messages of each. A process of its own, because ESLint loads its configuration by `import()`, which the
// sandbox of the test runner does not share. Typed rules are off: they would need the files to exist.
import { ESLint } from 'eslint';
import tseslint from 'typescript-eslint';
import { text as readAll } from 'node:stream/consumers';

const cases = JSON.parse(await readAll(process.stdin));
// With CI=true the parser would infer a single run and forget `emitDecoratorMetadata`: the same answer everywhere.
const parserOptions = { disallowAutomaticSingleRunInference: true };
const eslint = new ESLint({
  overrideConfig: [tseslint.configs.disableTypeChecked, { languageOptions: { parserOptions } }],
});
const answers = [];
for (const { path, text } of cases) {
  const [result] = await eslint.lintText(text, { filePath: path });
  answers.push(result.messages.map(({ ruleId, message }) => ({ ruleId, message })));
}
process.stdout.write(JSON.stringify(answers));
