import { spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const CLIENT = dirname(import.meta.dirname);
const HOST = join(CLIENT, '..', '..', 'host');

/** Runs a module in a process of its own and gives what it printed, as JSON. */
function runModule(file: string, cwd: string): Promise<unknown> {
  const { CONNECTORS_SERVICE_ADDR: _, ...env } = process.env;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file], { cwd, env, timeout: 25_000 });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', () => {
      try {
        resolve(JSON.parse(stdout));
      } catch {
        reject(new Error(`printed ${JSON.stringify(stdout)} and ${stderr}`));
      }
    });
  });
}

describe('connecting without an address', () => {
  let project: string;
  let script: string;

  // The client is copied, not linked: a link would find the host that lies beside the original.
  beforeEach(async () => {
    project = await realpath(await mkdtemp(join(tmpdir(), 'automate-client-')));
    const modules = join(project, 'node_modules');
    const client = join(modules, '@automate', 'client');

    await mkdir(join(modules, '@bufbuild'), { recursive: true });
    await mkdir(client, { recursive: true });
    await cp(join(CLIENT, 'dist'), join(client, 'dist'), { recursive: true });
    await cp(join(CLIENT, 'package.json'), join(client, 'package.json'));
    for (const name of ['@automate/contract', '@automate/grpc', '@bufbuild/protobuf']) {
      await symlink(await realpath(join(CLIENT, 'node_modules', name)), join(modules, name));
    }
    await writeFile(join(project, 'package.json'), '{"name":"project","type":"module"}');
    script = join(project, 'main.mjs');
    await writeFile(
      script,
      `import { connect } from '@automate/client';
      try {
        await using service = await connect();
        console.log(JSON.stringify({ list: await service.list(), plugins: await service.plugins() }));
      } catch (error) {
        console.log(JSON.stringify({ error: error.toEnvelope() }));
      }`,
    );
  });
  afterEach(() => rm(project, { recursive: true, force: true }));

  it('works in process where the host is installed, and lets the process end', async () => {
    await symlink(HOST, join(project, 'node_modules', '@automate', 'host'));
    await expect(runModule(script, project)).resolves.toEqual({ list: [], plugins: { plugins: [], problems: [] } });
  });

  it('finds the host of the project that it is called from', async () => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'automate-client-'));
    await mkdir(join(elsewhere, 'node_modules', '@automate'), { recursive: true });
    await writeFile(join(elsewhere, 'package.json'), '{"name":"elsewhere"}');
    await symlink(HOST, join(elsewhere, 'node_modules', '@automate', 'host'));
    await expect(runModule(script, elsewhere)).resolves.toMatchObject({ list: [] });
    await rm(elsewhere, { recursive: true });
  });

  it('fails where the host is missing, and says how to get it', async () => {
    const commandOf = async (lockfile?: string): Promise<string> => {
      if (lockfile !== undefined) await writeFile(join(project, lockfile), '');
      const answer = (await runModule(script, project)) as { readonly error: { readonly message: string } };
      if (lockfile !== undefined) await rm(join(project, lockfile));
      expect(answer).toMatchObject({
        error: {
          code: 'UNAVAILABLE',
          message: expect.stringContaining('CONNECTORS_SERVICE_ADDR'),
          retryable: false,
          details: { reason: 'host_missing' },
        },
      });
      return /Add it with "([^"]*)"/.exec(answer.error.message)?.[1] ?? '';
    };
    expect(await commandOf()).toBe('npm install @automate/host');
    expect(await commandOf('pnpm-lock.yaml')).toBe('pnpm add @automate/host');
    expect(await commandOf('yarn.lock')).toBe('yarn add @automate/host');
    expect(await commandOf('package-lock.json')).toBe('npm install @automate/host');
  });
});
