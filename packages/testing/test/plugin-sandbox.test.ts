import { execFile } from 'node:child_process';
import { lstat, readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { PluginSandbox } from '@automate/testing';
import type { SandboxLayout } from '@automate/testing';

const run = promisify(execFile);
const layouts: readonly SandboxLayout[] = ['npm', 'pnpm'];

const source = `
  import { ConnectorAdapter } from '@automate/sdk';
  export default class EchoAdapter extends ConnectorAdapter {
    name = 'echo';
    version = '1.0.0';
    async connect() { return true; }
    async execute(action, payload) { return { action, payload }; }
  }
`;

async function readJson(file: string): Promise<unknown> {
  return JSON.parse(await readFile(file, 'utf8'));
}

describe.each(layouts)('a sandbox laid out as %s does', (layout) => {
  it('holds packages where an installer puts them, named in package.json', async () => {
    await using sandbox = await PluginSandbox.create({ layout, packageJson: { name: 'my-app' } });
    const files = await sandbox.addPackage({
      name: '@acme/x',
      version: '2.1.0',
      files: { 'dist/x.js': 'export default 1;' },
    });
    await sandbox.addPackage({ name: 'dev-only', dependency: 'devDependencies' });
    expect(await readJson(join(sandbox.root, 'package.json'))).toMatchObject({
      name: 'my-app',
      dependencies: { '@acme/x': '2.1.0' },
      devDependencies: { 'dev-only': '1.0.0' },
    });
    expect(await readJson(join(sandbox.pathOf('@acme/x'), 'package.json'))).toEqual({
      name: '@acme/x',
      version: '2.1.0',
    });
    expect(await readFile(join(sandbox.pathOf('@acme/x'), 'dist/x.js'), 'utf8')).toBe('export default 1;');
    expect(await realpath(sandbox.pathOf('@acme/x'))).toBe(files);
    expect((await lstat(sandbox.pathOf('@acme/x'))).isSymbolicLink()).toBe(layout === 'pnpm');
  });

  it('shows a transitive package as an installer would', async () => {
    await using sandbox = await PluginSandbox.create({ layout });
    const directory = await sandbox.addPackage({ name: 'deep', dependency: 'transitive' });
    expect((await stat(directory)).isDirectory()).toBe(true);
    expect(await readJson(join(sandbox.root, 'package.json'))).not.toHaveProperty('dependencies');
    const onTop = await lstat(sandbox.pathOf('deep')).then(
      () => true,
      () => false,
    );
    expect(onTop).toBe(layout === 'npm');
  });

  it('runs a connector that imports the SDK', async () => {
    await using sandbox = await PluginSandbox.create({ layout });
    const directory = await sandbox.addConnector({ kind: 'echo', source, manifest: { autoconfigure: true } });
    expect(await readJson(join(directory, 'package.json'))).toEqual({
      name: 'connector-echo',
      version: '1.0.0',
      type: 'module',
      engines: { automate: '^1.0.0' },
      automate: { connectors: { echo: { entry: './adapter.js', autoconfigure: true } } },
    });
    const script = `const { default: Echo } = await import('connector-echo/adapter.js'); console.log(JSON.stringify(await new Echo().execute('say', { n: 1 })));`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', script], { cwd: sandbox.root });
    expect(JSON.parse(stdout)).toEqual({ action: 'say', payload: { n: 1 } });
  });

  it('takes a package away again, and goes without a trace', async () => {
    const sandbox = await PluginSandbox.create({ layout });
    await sandbox.addPackage({ name: 'x' });
    await sandbox.removePackage('x');
    await expect(stat(sandbox.pathOf('x'))).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readJson(join(sandbox.root, 'package.json'))).not.toHaveProperty('dependencies');
    await sandbox.dispose();
    await sandbox.dispose();
    await expect(stat(sandbox.root)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a sandbox', () => {
  it('holds any other file, and packages whose package.json is broken', async () => {
    await using sandbox = await PluginSandbox.create();
    const file = await sandbox.writeFile('config/connectors.yaml', 'connectors: []\n');
    expect(await readFile(file, 'utf8')).toBe('connectors: []\n');
    await sandbox.addPackage({ name: 'broken', files: { 'package.json': '{' } });
    expect(await readFile(join(sandbox.pathOf('broken'), 'package.json'), 'utf8')).toBe('{');
  });
});
