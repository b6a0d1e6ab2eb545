import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The tree with edits, in a folder of its own that is gone afterwards, also after Ctrl-C. Packages are hard links where the file
 * system can, and the links of the workspaces are relative, so they lead to the copy.
 * @throws Error when the text of an edit does not stand in its file exactly once
 */
export async function inACopy(edits, work) {
  const folder = mkdtempSync(join(tmpdir(), 'taxameter-mutant-'));
  // Under root PostgreSQL runs as another account, and from here.
  chmodSync(folder, 0o711);
  const discard = () => rmSync(folder, { recursive: true, force: true });
  const leave = () => process.exit(130);
  process.once('exit', discard);
  process.once('SIGINT', leave);
  try {
    const files = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard']);
    for (const file of files.toString().split('\0').filter(Boolean)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      cpSync(file, join(folder, file));
    }
    for (const place of packageFolders()) copyPackages(place, join(folder, place));
    for (const { file, replace, by } of edits) {
      const path = join(folder, file);
      const parts = readFileSync(path, 'utf8').split(replace);
      if (parts.length !== 2) throw new Error(`${file} holds "${replace}" ${parts.length - 1} times`);
      writeFileSync(path, parts.join(by));
    }
    return await work(folder);
  } finally {
    process.off('exit', discard);
    process.off('SIGINT', leave);
    discard();
  }
}

/** The one at the top, and those of workspaces that need another version of something. */
function packageFolders() {
  const workspaces = ['libs', 'services'].flatMap((place) =>
    readdirSync(place).map((name) => join(place, name)),
  );
  return ['', ...workspaces].map((place) => join(place, 'node_modules')).filter((place) => existsSync(place));
}

function copyPackages(from, to) {
  try {
    execFileSync('cp', ['-al', from, to], { stdio: 'ignore' });
  } catch {
    rmSync(to, { recursive: true, force: true });
    execFileSync('cp', ['-a', from, to]);
  }
}
