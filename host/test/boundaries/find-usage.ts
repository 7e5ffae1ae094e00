import { parseSync, visitorKeys } from 'oxc-parser';

/** What a source says of the world around it. Read from its syntax tree: a pattern over text is got round by how a line is written. */
export interface Usage {
  /**
   * Every specifier: static and dynamic imports, re-exports, `require`, `import.meta.resolve`, URLs beside the file, types
   * included. What is put together when it runs stands in it as `*`.
   */
  readonly imports: readonly string[];
  /** Loads of what only shows when they run. */
  readonly unreadLoads: readonly string[];
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
  const usage = {
    imports: [] as string[],
    unreadLoads: [] as string[],
    processUses: [] as string[],
    namelessExports: [] as string[],
  };
  const names = findNames(program as unknown as Node);
  walk(program as unknown as Node, undefined, (node, parent) => {
    const specifier = specifierOf(node, names);
    if (specifier !== undefined) usage.imports.push(specifier);
    else if (loadsUnread(node, names))
      usage.unreadLoads.push(text.slice(node['start'] as number, node['end'] as number));
    const use = processUse(node, parent, names);
    if (use !== undefined) usage.processUses.push(use);
    if (node.type === 'ExportAllDeclaration' && node['exported'] === null) usage.namelessExports.push('export *');
    if (node.type === 'ExportDefaultDeclaration') usage.namelessExports.push('export default');
  });
  return usage;
}

/** What names stand for in one source. */
interface Names {
  /** `createRequire`, also where it is imported under another name. */
  readonly makers: ReadonlySet<string>;
  /** Variables that hold what loads, and fields that do. */
  readonly loaders: ReadonlySet<string>;
  readonly fields: ReadonlySet<string>;
  /** The texts of constants. */
  readonly texts: ReadonlyMap<string, string>;
}

function findNames(program: Node): Names {
  const makers = new Set(['createRequire']);
  const loaders = new Set(['require']);
  const fields = new Set(['require']);
  const texts = new Map<string, string>();
  const names = { makers, loaders, fields, texts };
  walk(program, undefined, (node) => {
    if (node.type === 'ImportSpecifier' && nameOf(node['imported']) === 'createRequire')
      makers.add(nameOf(node['local']));
    const [into, from] = assignmentOf(node);
    const text = node.type === 'VariableDeclarator' ? textOf(from, names) : undefined;
    if (text !== undefined) texts.set(nameOf(into), text);
    if (!isMade(from, names) && nameOf(from) !== 'require') return;
    if (into?.type === 'ObjectPattern')
      for (const property of into['properties'] as readonly Node[]) loaders.add(nameOf(property['value']));
    else if (into?.type === 'MemberExpression') fields.add(memberName(into, names) ?? '');
    else (node.type === 'PropertyDefinition' ? fields : loaders).add(nameOf(into));
  });
  return names;
}

/** Where a value goes, and the value. */
function assignmentOf(node: Node): readonly [into: Node | undefined, from: unknown] {
  switch (node.type) {
    case 'VariableDeclarator':
      return [node['id'] as Node, node['init']];
    case 'AssignmentExpression':
      return [node['left'] as Node, node['right']];
    case 'PropertyDefinition':
      return [node['key'] as Node, node['value']];
    default:
      return [undefined, undefined];
  }
}

interface Parent {
  readonly node: Node;
  /** Under which the node hangs. */
  readonly key: string;
}

/** What TypeScript and brackets put around an expression. */
const WRAPPERS: ReadonlySet<string> = new Set([
  'TSAsExpression',
  'TSNonNullExpression',
  'TSSatisfiesExpression',
  'TSTypeAssertion',
  'ParenthesizedExpression',
  'ChainExpression',
]);

/** Visits each node with what it hangs under, wrappers left out. */
function walk(node: Node, parent: Parent | undefined, visit: (node: Node, parent: Parent | undefined) => void): void {
  visit(node, parent);
  for (const key of visitorKeys[node.type] ?? []) {
    const child = node[key] as Node | readonly (Node | null)[] | null | undefined;
    const children = Array.isArray(child) ? (child as readonly (Node | null)[]) : [child as Node | null | undefined];
    const under = WRAPPERS.has(node.type) && key === 'expression' ? parent : { node, key };
    for (const each of children) if (each !== null && each !== undefined) walk(each, under, visit);
  }
}

function specifierOf(node: Node, names: Names): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
    case 'ImportExpression':
    case 'TSImportType':
      return textOf(node['source'], names);
    case 'TSExternalModuleReference':
      return textOf(node['expression'], names);
    case 'CallExpression':
      return loads(node['callee'], names) ? textOf(first(node), names) : undefined;
    case 'NewExpression': {
      const path = nameOf(node['callee']) === 'URL' ? textOf(first(node), names) : undefined;
      return path?.startsWith('.') === true ? path : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether it loads something whose name does not stand in the source. */
function loadsUnread(node: Node, names: Names): boolean {
  if (node.type === 'ImportExpression') return true;
  if (node.type !== 'CallExpression') return false;
  const { type } = unwrapped(node['callee']) as Node;
  const isResolve = type === 'MemberExpression' && memberName(unwrapped(node['callee']) as Node, names) === 'resolve';
  return !isResolve && loads(node['callee'], names);
}

/** `require`, what `createRequire` gave under whatever name, and the `resolve` of either or of `import.meta`. */
function loads(callee: unknown, names: Names): boolean {
  if (names.loaders.has(nameOf(callee)) || isMade(callee, names)) return true;
  const member = unwrapped(callee) as Node;
  if (member.type !== 'MemberExpression') return false;
  const name = memberName(member, names);
  if (name !== undefined && names.fields.has(name)) return true;
  const object = member['object'] as Node;
  return name === 'resolve' && (object.type === 'MetaProperty' || loads(object, names));
}

function first(call: Node): unknown {
  return (call['arguments'] as readonly unknown[])[0];
}

/** A text as far as it stands in the source; undefined where nothing of it does. */
function textOf(node: unknown, names: Pick<Names, 'texts'>): string | undefined {
  const bare = unwrapped(node);
  if (bare === undefined) return undefined;
  const { type, value, quasis, expressions, left, right } = bare as Record<string, unknown>;
  if (type === 'Literal') return typeof value === 'string' ? value : undefined;
  if (type === 'Identifier') return names.texts.get(nameOf(bare));
  if (type === 'TSLiteralType') return textOf(bare['literal'], names);
  if (type === 'TemplateLiteral') {
    const between = (expressions as readonly unknown[]).map((each) => textOf(each, names) ?? '*');
    const text = (quasis as readonly { value: { cooked: string } }[])
      .map((quasi, index) => quasi.value.cooked + (between[index] ?? ''))
      .join('');
    return text.replaceAll('*', '') === '' ? undefined : text;
  }
  if (type !== 'BinaryExpression') return undefined;
  const texts = [textOf(left, names), textOf(right, names)];
  return texts.every((text) => text === undefined) ? undefined : texts.map((text) => text ?? '*').join('');
}

const GLOBALS: ReadonlySet<string> = new Set(['globalThis', 'global']);

function processUse(node: Node, parent: Parent | undefined, names: Names): string | undefined {
  if (node.type === 'MemberExpression' && GLOBALS.has(nameOf(node['object']))) {
    const name = memberName(node, names);
    return name === undefined || name === 'process' ? `globalThis.${name ?? '*'}` : undefined;
  }
  if (takesFromGlobal(node, names)) return 'globalThis.process';
  if (parent === undefined || !isReference(parent)) return undefined;
  const { key, node: above } = parent;
  const isObject = above.type === 'MemberExpression' && key === 'object';
  if (nameOf(node) === 'process') return isObject ? `process.${memberName(above, names) ?? '*'}` : 'process';
  // Under another name, or handed to somebody, it gives `process` without a trace.
  const isTakenApart = assignmentOf(above)[0]?.type === 'ObjectPattern' && key !== 'id' && key !== 'left';
  return node.type === 'Identifier' && GLOBALS.has(nameOf(node)) && !isObject && !isTakenApart
    ? 'globalThis'
    : undefined;
}

/** Whether a name that stands there is a variable's, and not a key's, a member's or a type's. */
function isReference({ key, node: { type, computed, shorthand } }: Parent): boolean {
  if (type.startsWith('TS')) return false;
  return (
    computed === true || !((type === 'MemberExpression' && key === 'property') || (key === 'key' && shorthand !== true))
  );
}

/** `const { process: mine } = globalThis`, and the same in an assignment. */
function takesFromGlobal(node: Node, names: Names): boolean {
  const [into, from] = assignmentOf(node);
  if (!GLOBALS.has(nameOf(from)) || into?.type !== 'ObjectPattern') return false;
  return (into['properties'] as readonly Node[]).some(
    ({ type, key }) => type === 'RestElement' || (nameOf(key) || textOf(key, names)) === 'process',
  );
}

function memberName(member: Node, names: Pick<Names, 'texts'>): string | undefined {
  return member['computed'] === true ? textOf(member['property'], names) : nameOf(member['property']);
}

/** An expression without what is put around it. */
function unwrapped(node: unknown): Node | undefined {
  if (node === null || node === undefined) return undefined;
  return WRAPPERS.has((node as Node).type) ? unwrapped((node as Node)['expression']) : (node as Node);
}

/** Of an identifier; else nothing. */
function nameOf(node: unknown): string {
  const bare = unwrapped(node);
  return bare?.type === 'Identifier' || bare?.type === 'PrivateIdentifier' ? (bare['name'] as string) : '';
}

/** Whether it is what `createRequire` gives. */
function isMade(node: unknown, names: Pick<Names, 'makers' | 'texts'>): boolean {
  const call = unwrapped(node);
  if (call?.type !== 'CallExpression') return false;
  const callee = unwrapped(call['callee']);
  return (
    names.makers.has(nameOf(callee)) ||
    (callee?.type === 'MemberExpression' && memberName(callee, names) === 'createRequire')
  );
}
