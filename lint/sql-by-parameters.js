// Decides whether the text of a statement is fixed when the program is written. Constants may stand in it (a list of
// columns, a `select` used twice); a value may not, it is a parameter ($1). Text that a function returns is not
// followed: there the reader judges.
const SQL_METHODS = new Set(['query', 'where', 'andWhere', 'orWhere']);

function findVariable(scope, name) {
  for (let at = scope; at !== null; at = at.upper) {
    const found = at.set.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The initial value of a `const`, or undefined for anything else that has this name. */
function initOfConst(scope, identifier) {
  const definition = findVariable(scope, identifier.name)?.defs[0];
  const isConst = definition?.type === 'Variable' && definition.parent.kind === 'const';
  return isConst && definition.node.id.type === 'Identifier' ? definition.node.init : undefined;
}

/** Names of imported constants are written in capitals. */
function isImportedConstant(scope, identifier) {
  return (
    /^[A-Z][A-Z0-9_]*$/.test(identifier.name) &&
    findVariable(scope, identifier.name)?.defs[0]?.type === 'ImportBinding'
  );
}

function isFixed(scope, node) {
  switch (node?.type) {
    case 'Literal':
      return true;
    case 'TemplateLiteral':
      return node.expressions.every((expression) => isFixed(scope, expression));
    case 'BinaryExpression':
      return node.operator === '+' && isFixed(scope, node.left) && isFixed(scope, node.right);
    case 'ConditionalExpression':
      return isFixed(scope, node.consequent) && isFixed(scope, node.alternate);
    case 'MemberExpression':
      return !node.computed && isFixedObject(scope, node.object);
    case 'TSAsExpression':
    case 'TSSatisfiesExpression':
      return isFixed(scope, node.expression);
    case 'Identifier':
      return isImportedConstant(scope, node) || isFixed(scope, initOfConst(scope, node));
    default:
      return false;
  }
}

/** A field of a constant that is written in capitals, as `TOPICS.apiCalls.name`. */
function isFixedObject(scope, node) {
  if (node.type === 'MemberExpression') return !node.computed && isFixedObject(scope, node.object);
  if (node.type !== 'Identifier' || !/^[A-Z][A-Z0-9_]*$/.test(node.name)) return false;
  return isImportedConstant(scope, node) || initOfConst(scope, node) !== undefined;
}

const isBuilt = (node) => node?.type === 'TemplateLiteral' || node?.type === 'BinaryExpression';

export const sqlByParameters = {
  meta: {
    type: 'problem',
    schema: [],
    messages: { value: 'values go into SQL as parameters ($1), never into its text' },
  },
  create(context) {
    return {
      CallExpression(node) {
        if (node.callee.type !== 'MemberExpression' || !SQL_METHODS.has(node.callee.property.name)) return;
        const [text] = node.arguments;
        const scope = context.sourceCode.getScope(node);
        const built = text?.type === 'Identifier' ? initOfConst(scope, text) : text;
        if (isBuilt(built) && !isFixed(scope, built)) context.report({ node: text, messageId: 'value' });
      },
    };
  },
};
