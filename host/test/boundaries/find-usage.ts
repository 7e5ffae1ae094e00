import { parseSync, visitorKeys } from 'oxc-parser';

/** What a source says of the world around it. Read from its syntax tree: a pattern over text is got round by how a line is written. */
export interface Usage {
  /**
   * Every specifier: static and dynamic imports, re-exports, `require`, `import.meta.resolve`, URLs beside the file, types
   * included. What is put together when it runs stands in it as `*`.
   */
  readonly imports: readonly string[];
  /** Uses of Node's `process` object, such as `process.env`. */
  readonly processUses: readonly string[];
  /** `export *` and `export default` */
  readonly namelessExports: readonly string[];
}

type Node = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Throws for what cannot be parsed: nothing may be left unread. */
export function findUsage(file: string, text: string): Usage {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0)
    throw new Error(`${file} cannot be parsed: ${errors.map(({ message }) => message).join('; ')}`);
  const usage = { imports: [] as string[], processUses: [] as string[], namelessExports: [] as string[] };
  const loaders = new Set(['require']);
  walk(program as unknown as Node, undefined, (node, parent) => {
    if (node.type === 'VariableDeclarator' && isCallOf(node['init'], 'createRequire')) loaders.add(nameOf(node['id']));
    const specifier = specifierOf(node, loaders);
    if (specifier !== undefined) usage.imports.push(specifier);
    const use = processUse(node, parent);
    if (use !== undefined) usage.processUses.push(use);
    if (node.type === 'ExportAllDeclaration' && node['exported'] === null) usage.namelessExports.push('export *');
    if (node.type === 'ExportDefaultDeclaration') usage.namelessExports.push('export default');
  });
  return usage;
}

interface Parent {
  readonly node: Node;
  /** Under which the node hangs. */
  readonly key: string;
}

function walk(node: Node, parent: Parent | undefined, visit: (node: Node, parent: Parent | undefined) => void): void {
  visit(node, parent);
  for (const key of visitorKeys[node.type] ?? []) {
    const child = node[key] as Node | readonly (Node | null)[] | null | undefined;
    const children = Array.isArray(child) ? (child as readonly (Node | null)[]) : [child as Node | null | undefined];
    for (const each of children) if (each !== null && each !== undefined) walk(each, { node, key }, visit);
  }
}

function specifierOf(node: Node, loaders: ReadonlySet<string>): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return textOf(node['source']);
    case 'TSExternalModuleReference':
      return textOf(node['expression']);
    case 'CallExpression':
      return loads(node['callee'], loaders) ? textOf(first(node)) : undefined;
    case 'NewExpression':
      return nameOf(node['callee']) === 'URL' && textOf(first(node))?.startsWith('.') === true
        ? textOf(first(node))
        : undefined;
    default:
      return undefined;
  }
}

/** `require`, what `createRequire` gave under whatever name, and the `resolve` of either or of `import.meta`. */
function loads(callee: unknown, loaders: ReadonlySet<string>): boolean {
  if (loaders.has(nameOf(callee)) || isCallOf(callee, 'createRequire')) return true;
  const { type, object } = callee as Node;
  return (
    type === 'MemberExpression' &&
    memberName(callee as Node) === 'resolve' &&
    ((object as Node).type === 'MetaProperty' || loads(object, loaders))
  );
}

function first(call: Node): unknown {
  return (call['arguments'] as readonly unknown[])[0];
}

/** A text as far as it stands in the source; undefined where nothing of it does. */
function textOf(node: unknown): string | undefined {
  if (node === null || node === undefined) return undefined;
  const { type, value, quasis, expression, left, right } = node as Record<string, unknown>;
  if (type === 'Literal') return typeof value === 'string' ? value : undefined;
  if (type === 'TSLiteralType') return textOf((node as Node)['literal']);
  if (type === 'TSAsExpression') return textOf(expression);
  if (type === 'TemplateLiteral')
    return (quasis as readonly { value: { cooked: string } }[]).map((quasi) => quasi.value.cooked).join('*');
  if (type !== 'BinaryExpression') return undefined;
  const texts = [textOf(left), textOf(right)];
  return texts.every((text) => text === undefined) ? undefined : texts.map((text) => text ?? '*').join('');
}

const GLOBALS: ReadonlySet<string> = new Set(['globalThis', 'global']);

function processUse(node: Node, parent: Parent | undefined): string | undefined {
  if (node.type === 'MemberExpression' && memberName(node) === 'process' && GLOBALS.has(nameOf(node['object'])))
    return 'globalThis.process';
  if (takesFromGlobal(node)) return 'globalThis.process';
  if (nameOf(node) !== 'process' || parent === undefined) return undefined;
  const { key, node: above } = parent;
  const isMember = above.type === 'MemberExpression' && key === 'property' && above['computed'] !== true;
  const isKey = key === 'key' && above['computed'] !== true && above['shorthand'] !== true;
  if (isMember || isKey) return undefined;
  return above.type === 'MemberExpression' && key === 'object' ? `process.${memberName(above) ?? '*'}` : 'process';
}

/** `const { process: mine } = globalThis`, and the same in an assignment. */
function takesFromGlobal(node: Node): boolean {
  const [into, from] = node.type === 'VariableDeclarator' ? [node['id'], node['init']] : [node['left'], node['right']];
  if (!GLOBALS.has(nameOf(from)) || (into as Node).type !== 'ObjectPattern') return false;
  return ((into as Node)['properties'] as readonly Node[]).some(
    (property) => (nameOf(property['key']) || textOf(property['key'])) === 'process',
  );
}

function memberName(member: Node): string | undefined {
  return member['computed'] === true ? textOf(member['property']) : nameOf(member['property']);
}

/** Of an identifier, through what TypeScript puts around it; else nothing. */
function nameOf(node: unknown): string {
  if (node === null || node === undefined) return '';
  const { type, name, expression } = node as Record<string, unknown>;
  if (type === 'Identifier') return name as string;
  return type === 'TSAsExpression' || type === 'TSNonNullExpression' || type === 'ParenthesizedExpression'
    ? nameOf(expression)
    : '';
}

function isCallOf(node: unknown, name: string): boolean {
  if (node === null || node === undefined || (node as Node).type !== 'CallExpression') return false;
  const callee = (node as Node)['callee'] as Node;
  return nameOf(callee) === name || (callee.type === 'MemberExpression' && memberName(callee) === name);
}
