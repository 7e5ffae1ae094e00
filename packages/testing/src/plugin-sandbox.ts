import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JsonObject } from '@automate/sdk';

/** How packages lie in `node_modules`: `npm` as real directories, `pnpm` as links into `.pnpm`. */
export type SandboxLayout = 'npm' | 'pnpm';

/** The field of the project's package.json that names a package; `transitive`: none does. */
export type SandboxDependency =
  | 'dependencies'
  | 'devDependencies'
  | 'optionalDependencies'
  | 'peerDependencies'
  | 'transitive';

export interface SandboxOptions {
  /** Default `npm`. */
  readonly layout?: SandboxLayout;
  /** Further fields of the project's package.json. */
  readonly packageJson?: JsonObject;
}

export interface SandboxPackage {
  readonly name: string;
  /** Default `1.0.0`. */
  readonly version?: string;
  /** Further fields of its package.json. */
  readonly packageJson?: JsonObject;
  /** Its files' texts, by path from its root. A `package.json` here replaces the whole, as text that may be broken. */
  readonly files?: Readonly<Record<string, string>>;
  /** Default `dependencies`. */
  readonly dependency?: SandboxDependency;
}

export interface SandboxConnector extends Omit<SandboxPackage, 'name'> {
  /** Default `connector-KIND`. */
  readonly name?: string;
  readonly kind: string;
  /** Text of the entry module, in JavaScript. It may import `@automate/sdk`. */
  readonly source: string;
  /** Further fields of the kind's entry in the manifest: `{ autoconfigure: true }`. */
  readonly manifest?: JsonObject;
  /** Default `^1.0.0`. */
  readonly engines?: string;
}

/**
 * A throw-away project with a `node_modules`, on disk, as an installer would leave it: for tests of discovery and of
 * connectors that are started from there.
 *
 * ```ts
 * await using sandbox = await PluginSandbox.create({ layout: 'pnpm' });
 * await sandbox.addConnector({ kind: 'echo', source: "import { ConnectorAdapter } from '@automate/sdk'; export default class …" });
 * ```
 */
export class PluginSandbox implements AsyncDisposable {
  /** The project's directory, as a real path. */
  readonly root: string;
  readonly #layout: SandboxLayout;
  readonly #extra: JsonObject;
  readonly #dependencies = new Map<string, { readonly field: SandboxDependency; readonly version: string }>();
  readonly #linked = new Set<string>();

  private constructor(root: string, options: SandboxOptions) {
    this.root = root;
    this.#layout = options.layout ?? 'npm';
    this.#extra = options.packageJson ?? {};
  }

  static async create(options: SandboxOptions = {}): Promise<PluginSandbox> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'automate-sandbox-')));
    const sandbox = new PluginSandbox(root, options);
    await mkdir(join(root, 'node_modules'));
    await sandbox.#writeProject();
    return sandbox;
  }

  /** Where a package is found: `node_modules/NAME`. */
  pathOf(name: string): string {
    return join(this.root, 'node_modules', name);
  }

  /** Installs a package. Answers the real directory that holds its files. */
  async addPackage(spec: SandboxPackage): Promise<string> {
    const { name, version = '1.0.0', dependency = 'dependencies' } = spec;
    const directory = await this.#place(name, version, dependency);
    const files = {
      'package.json': JSON.stringify({ name, version, ...spec.packageJson }, undefined, 2),
      ...spec.files,
    };
    for (const [path, text] of Object.entries(files)) await writeText(join(directory, path), text);
    this.#dependencies.set(name, { field: dependency, version });
    await this.#writeProject();
    return directory;
  }

  /** Installs a connector package of one kind, with the SDK beside it. Answers the directory that holds its files. */
  async addConnector(spec: SandboxConnector): Promise<string> {
    const {
      kind,
      source,
      manifest = {},
      engines = '^1.0.0',
      name = `connector-${kind.replaceAll('_', '-')}`,
      ...rest
    } = spec;
    const entry = { entry: './adapter.js', ...manifest };
    await this.linkPackage('@automate/sdk', directoryOfSdk());
    return this.addPackage({
      ...rest,
      name,
      packageJson: {
        type: 'module',
        engines: { automate: engines },
        automate: { connectors: { [kind]: entry } },
        ...spec.packageJson,
      },
      files: { 'adapter.js': source, ...spec.files },
    });
  }

  /** Links a real package of this machine into `node_modules`, as a workspace does; not named in package.json. */
  async linkPackage(name: string, directory: string): Promise<void> {
    if (this.#linked.has(name)) return;
    this.#linked.add(name);
    const target = await realpath(directory);
    for (const place of this.#layout === 'npm'
      ? [this.pathOf(name)]
      : [this.pathOf(name), join(this.root, 'node_modules/.pnpm/node_modules', name)]) {
      await mkdir(dirname(place), { recursive: true });
      await symlink(target, place, 'dir');
    }
  }

  /** Uninstalls a package. */
  async removePackage(name: string): Promise<void> {
    await rm(this.pathOf(name), { recursive: true, force: true });
    this.#dependencies.delete(name);
    await this.#writeProject();
  }

  /** Writes any file of the project: `config/connectors.yaml`. Answers its path. */
  async writeFile(path: string, text: string): Promise<string> {
    const file = join(this.root, path);
    await writeText(file, text);
    return file;
  }

  /** Removes everything. Safe to call twice. */
  async dispose(): Promise<void> {
    await rm(this.root, { recursive: true, force: true, maxRetries: 3 });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }

  /** The directory for a package's files, linked from where the layout wants it. */
  async #place(name: string, version: string, dependency: SandboxDependency): Promise<string> {
    if (this.#layout === 'npm') {
      await mkdir(this.pathOf(name), { recursive: true });
      return this.pathOf(name);
    }
    const store = join(this.root, 'node_modules/.pnpm');
    const directory = join(store, `${name.replace('/', '+')}@${version}`, 'node_modules', name);
    await mkdir(directory, { recursive: true });
    // pnpm shows the project only what it asks for, and hoists the rest where only packages look.
    const link = dependency === 'transitive' ? join(store, 'node_modules', name) : this.pathOf(name);
    await mkdir(dirname(link), { recursive: true });
    await rm(link, { recursive: true, force: true });
    await symlink(relative(dirname(link), directory), link, 'dir');
    return directory;
  }

  async #writeProject(): Promise<void> {
    const asked: Record<string, Record<string, string>> = {};
    for (const [name, { field, version }] of this.#dependencies) {
      if (field !== 'transitive') (asked[field] ??= {})[name] = version;
    }
    const json = { name: 'sandbox', version: '1.0.0', private: true, type: 'module', ...this.#extra, ...asked };
    await writeText(join(this.root, 'package.json'), JSON.stringify(json, undefined, 2));
  }
}

function directoryOfSdk(): string {
  return dirname(fileURLToPath(import.meta.resolve('@automate/sdk/package.json')));
}

async function writeText(file: string, text: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, text);
}
