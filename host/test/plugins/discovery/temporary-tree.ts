import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** Path → content. Text and bytes are written as they are, `{ link }` becomes a symbolic link, any other object a JSON file. */
export type Files = Readonly<
  Record<string, string | Uint8Array | { readonly link: string } | Readonly<Record<string, unknown>>>
>;

export interface TemporaryTree {
  /** The real path of the tree. */
  readonly root: string;
  readonly path: (...parts: string[]) => string;
  readonly write: (files: Files) => void;
  readonly [Symbol.dispose]: () => void;
}

/** A real directory tree that is gone when the test is. */
export function temporaryTree(files: Files = {}): TemporaryTree {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'automate-tree-')));
  const tree: TemporaryTree = {
    root,
    path: (...parts) => join(root, ...parts),
    write: (more) => {
      for (const [path, content] of Object.entries(more)) writeAt(join(root, path), content);
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  tree.write(files);
  return tree;
}

function writeAt(path: string, content: Files[string]): void {
  mkdirSync(dirname(path), { recursive: true });
  if (typeof content === 'string' || content instanceof Uint8Array) writeFileSync(path, content);
  else if (typeof content['link'] === 'string') symlinkSync(content['link'], path);
  else writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);
}

/** The package.json of a connector package; `more` replaces fields. */
export function manifest(
  name: string,
  kinds: unknown,
  more: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    name,
    version: '1.2.3',
    type: 'module',
    engines: { automate: '^1.0.0' },
    automate: { connectors: kinds },
    ...more,
  };
}

/** The files of a sound connector package with one kind, below a directory of node_modules. */
export function connector(
  directory: string,
  name: string,
  kind: string,
  more: Readonly<Record<string, unknown>> = {},
): Files {
  return {
    [`${directory}/package.json`]: manifest(name, { [kind]: './adapter.js' }, more),
    [`${directory}/adapter.js`]: 'export default class {}\n',
  };
}
