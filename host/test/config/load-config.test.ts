import { execFile } from 'node:child_process';
import { chmod, mkdir, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { loadConfig } from '../../src/config/load-config.ts';
import { createProject } from './project.ts';

const exec = promisify(execFile);
const ONE = 'connectors:\n  - id: one\n';
const TWO = 'connectors:\n  - id: two\n';

async function idsIn(cwd: string, configPath?: string): Promise<unknown> {
  const loaded = await loadConfig({ cwd, env: {}, ...(configPath === undefined ? {} : { configPath }) });
  return loaded.ok ? loaded.config.connectors.map(({ config }) => config.id) : loaded.problems;
}

describe('finding the configuration', () => {
  it('reads config/connectors.yaml before any other place', async () => {
    await using project = await createProject({
      'config/connectors.yaml': ONE,
      'connectors.yaml': TWO,
      'config/connectors.json': '{',
    });
    expect(await loadConfig({ cwd: project.directory, env: {} })).toMatchObject({
      ok: true,
      file: join(project.directory, 'config/connectors.yaml'),
      config: { connectors: [{ config: { id: 'one' } }] },
    });
  });

  it.each(['config/connectors.yml', 'config/connectors.json', 'connectors.yaml', 'connectors.yml', 'connectors.json'])(
    'finds %s',
    async (place) => {
      await using project = await createProject({
        [place]: place.endsWith('json') ? '{"connectors": [{"id": "one"}]}' : ONE,
      });
      expect(await idsIn(project.directory)).toStrictEqual(['one']);
    },
  );

  it('is content without one, and says so by naming no file', async () => {
    await using project = await createProject();
    expect(await loadConfig({ cwd: project.directory, env: {} })).toStrictEqual({
      ok: true,
      config: {
        access: { clients: {}, limits: {} },
        connectors: [],
        listsConnectors: false,
        executions: { callbacks: [] },
        mcp: { expose: { allow: ['*'], deny: [], readOnly: false } },
        plugins: {
          scan: 'direct',
          allow: ['*'],
          deny: [],
          without: [],
          paths: [],
          strict: false,
          prefer: {},
          isolation: 'thread',
          minimumIsolation: {},
          grants: {},
          signatures: 'allow',
          trustedKeys: {},
          frozen: false,
          watch: true,
        },
        fileRoots: [],
        network: { allow: [], deny: [], registeredAllow: [] },
        profiles: new Map(),
        secretVariables: [],
      },
      text: '',
    });
  });

  it('does not look above the project', async () => {
    await using project = await createProject({ 'connectors.yaml': ONE, 'inner/package.json': '{}' });
    expect(await idsIn(join(project.directory, 'inner'))).toStrictEqual([]);
  });

  it('reads a file that is named by hand, and insists on it', async () => {
    await using project = await createProject({
      'config/connectors.yaml': ONE,
      'else/where.yaml': TWO,
      'code.mjs': 'throw 1',
    });
    expect(await idsIn(project.directory, 'else/where.yaml')).toStrictEqual(['two']);
    expect(await idsIn(project.directory, join(project.directory, 'else/where.yaml'))).toStrictEqual(['two']);
    expect(await idsIn(project.directory, 'nowhere.yaml')).toMatchObject([
      { expected: 'a file that can be read', received: 'no such file' },
    ]);
    expect(await idsIn(project.directory, 'code.mjs')).toMatchObject([
      { expected: 'a file that ends with .yaml, .yml or .json', received: '.mjs' },
    ]);
  });

  it('follows symbolic links', async () => {
    await using project = await createProject({ 'real.yaml': ONE });
    await mkdir(join(project.directory, 'config'));
    await symlink('../real.yaml', join(project.directory, 'config/connectors.yaml'));
    expect(await idsIn(project.directory)).toStrictEqual(['one']);
  });

  it('treats an empty file, and one of comments, as an empty configuration', async () => {
    await using project = await createProject({ 'connectors.yaml': '' });
    expect(await idsIn(project.directory)).toStrictEqual([]);
    await project.write('connectors.yaml', '# nothing yet\n---\n# still nothing\n');
    expect(await idsIn(project.directory)).toStrictEqual([]);
  });

  it('reads the disk anew each time', async () => {
    await using project = await createProject({ 'connectors.yaml': ONE });
    expect(await idsIn(project.directory)).toStrictEqual(['one']);
    await project.write('connectors.yaml', TWO);
    expect(await idsIn(project.directory)).toStrictEqual(['two']);
  });

  it('never runs code that it finds beside the configuration', async () => {
    const code =
      "import { writeFileSync } from 'node:fs'; writeFileSync(new URL('../ran', import.meta.url), ''); export default {};";
    await using project = await createProject({
      'connectors.yaml': ONE,
      '.config/config.mjs': code,
      '.config/config.js': code,
      'package.json': '{}',
    });
    const module = new URL('../../dist/config/load-config.js', import.meta.url).href;
    const script = `const { loadConfig } = await import(${JSON.stringify(module)}); console.log((await loadConfig({ cwd: process.cwd(), env: {} })).ok);`;
    const { stdout } = await exec(process.execPath, ['--input-type=module', '-e', script], { cwd: project.directory });
    expect(stdout.trim()).toBe('true');
    await expect(stat(join(project.directory, 'ran'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a file that cannot be a configuration', () => {
  it('is a problem, not a reason to look elsewhere: a directory', async () => {
    await using project = await createProject({ 'config/connectors.yaml/x': '', 'connectors.yaml': ONE });
    expect(await idsIn(project.directory)).toMatchObject([{ expected: 'a regular file', received: 'a directory' }]);
  });

  it('is a problem: a named pipe, without waiting for it', async () => {
    await using project = await createProject();
    await exec('mkfifo', [join(project.directory, 'connectors.yaml')]);
    expect(await idsIn(project.directory)).toMatchObject([{ expected: 'a regular file', received: 'something else' }]);
    expect(await idsIn(project.directory, 'connectors.yaml')).toMatchObject([{ expected: 'a regular file' }]);
  });

  it('is a problem: ten megabytes', async () => {
    await using project = await createProject({ 'connectors.yaml': `# ${'x'.repeat(10 * 1024 * 1024)}` });
    expect(await idsIn(project.directory)).toMatchObject([{ expected: 'at most 1048576 bytes' }]);
    expect(await idsIn(project.directory, 'connectors.yaml')).toMatchObject([{ expected: 'at most 1048576 bytes' }]);
  });

  it('is a problem: no permission to read it', async () => {
    await using project = await createProject({ 'connectors.yaml': ONE });
    await chmod(join(project.directory, 'connectors.yaml'), 0);
    const module = new URL('../../dist/config/load-config.js', import.meta.url).href;
    const script = `const { loadConfig } = await import(${JSON.stringify(module)});
      if (process.getuid?.() === 0) { process.setgid(65534); process.setuid(65534); }
      const loaded = await loadConfig({ cwd: ${JSON.stringify(project.directory)}, env: {} }); console.log(JSON.stringify(loaded.ok ? [] : loaded.problems));`;
    await chmod(project.directory, 0o755);
    const { stdout } = await exec(process.execPath, ['--input-type=module', '-e', script]);
    expect(JSON.parse(stdout)).toMatchObject([{ received: 'the error EACCES' }]);
  });

  it.each([
    [
      'Latin-1',
      Buffer.from([...Buffer.from('connectors:\n  - id: a\n    name: caf'), 0xe9, 0x0a]),
      { line: 3, column: 1 },
    ],
    ['UTF-16', Buffer.from(`\uFEFF${ONE}`, 'utf16le'), { line: 1, column: 1 }],
    ['an overlong encoding', Buffer.from([0xc0, 0x80]), { line: 1, column: 1 }],
  ])('is a problem: %s', async (_name, bytes, place) => {
    await using project = await createProject({ 'connectors.yaml': bytes });
    expect(await idsIn(project.directory)).toStrictEqual([
      {
        path: '',
        expected: 'text in UTF-8',
        received: 'other bytes',
        file: join(project.directory, 'connectors.yaml'),
        ...place,
      },
    ]);
  });
});
