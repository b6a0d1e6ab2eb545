// Decides whether a relative import stays inside its own package. The boundary rules look at package names, so
// `../../billing/src/invoice.js` would pass them, and `tsc` rejects it only after it has written files into the other
// package's folder.
import { dirname, relative, resolve, sep } from 'node:path';

const SOURCE_OF = 'ImportDeclaration, ExportNamedDeclaration, ExportAllDeclaration, ImportExpression';

/** The package of a file, as `libs/billing`, or undefined outside libs and services. */
function packageOf(root, file) {
  const [kind, name] = relative(root, file).split(sep);
  return (kind === 'libs' || kind === 'services') && name !== undefined ? `${kind}/${name}` : undefined;
}

export const withinPackage = {
  meta: {
    type: 'problem',
    schema: [],
    messages: {
      leaves: 'a relative import stays inside its package: {{from}} may import others by name only',
    },
  },
  create(context) {
    const from = packageOf(context.cwd, context.filename);
    if (from === undefined) return {};
    return {
      [SOURCE_OF](node) {
        const source = node.source?.value;
        if (typeof source !== 'string' || !source.startsWith('.')) return;
        const target = packageOf(context.cwd, resolve(dirname(context.filename), source));
        if (target !== from) context.report({ node: node.source, messageId: 'leaves', data: { from } });
      },
    };
  },
};
