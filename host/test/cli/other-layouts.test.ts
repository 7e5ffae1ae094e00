import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CliProject } from './fixtures/cli-project.ts';

const PLUG_N_PLAY =
  /node_modules: expected the directory .*, received Plug'n'Play, .*set nodeLinker: node-modules in .yarnrc.yml/;

describe("a project of Yarn's Plug'n'Play", () => {
  let project: CliProject;
  let env: Record<string, string>;

  beforeAll(async () => {
    project = await CliProject.open({ kinds: [], yaml: 'connectors: [{ id: echo }]\n' });
    await rm(join(project.root, 'node_modules'), { recursive: true });
    await project.sandbox.writeFile('.pnp.cjs', '');
    await project.sandbox.writeFile(
      'package.json',
      JSON.stringify({ name: 'p', dependencies: { 'connector-echo': '1' } }),
    );
    // As Yarn does it: file handles are objects of its own, which know close() and nothing of disposal.
    const asYarn = await project.sandbox.writeFile(
      'as-yarn.mjs',
      `import { open } from 'node:fs/promises';
       const handle = await open(process.execPath);
       delete Object.getPrototypeOf(handle)[Symbol.asyncDispose];
       await handle.close();`,
    );
    env = { NODE_OPTIONS: `--import ${pathToFileURL(asYarn).href}` };
  });
  afterAll(async () => project[Symbol.asyncDispose]());

  it.each([
    [['plugins', 'list'], 0],
    [['plugins', 'check'], 1],
    [['connectors', 'list'], 0],
    [['doctor'], 1],
    [['execute', 'echo', 'say'], 1],
  ])('is told what to do about it: automate %j', async (args, expected) => {
    const { status, stdout, stderr } = await project.automate(args, { env });
    expect(`${stdout}${stderr}`).toMatch(PLUG_N_PLAY);
    expect(`${stdout}${stderr}`).not.toMatch(/add one|unknown/);
    expect(status).toBe(expected);
  });

  it('is told so when the host starts', async () => {
    await using host = await project.start({ env });
    expect(host.ready).toMatchObject({ problems: [{ received: expect.stringContaining("Plug'n'Play") }] });
  });
});

describe('a folder that is linked without an installation of its own', () => {
  it.each([
    [
      'declared',
      { peerDependencies: { '@automate/sdk': '^1.0.0' } },
      'operator',
      /@automate\/sdk, which the package asks for, is not installed: the operator should install the dependencies of \/.*automate-linked-/,
    ],
    ['forgotten', {}, 'plugin', /Cannot find package '@automate\/sdk'.*the plugin's author must act/],
  ])('names whoever can mend it: %s', async (_case, manifest, blame, message) => {
    const elsewhere = await mkdtemp(join(tmpdir(), 'automate-linked-'));
    await using project = await CliProject.open({ kinds: [], yaml: 'connectors: [{ id: linked }]\n' });
    try {
      await writeFile(
        join(elsewhere, 'adapter.js'),
        "import { ConnectorAdapter } from '@automate/sdk';\nexport default ConnectorAdapter;\n",
      );
      const entry = {
        name: 'connector-linked',
        version: '1.0.0',
        type: 'module',
        engines: { automate: '^1.0.0' },
        automate: { connectors: { linked: './adapter.js' } },
      };
      await writeFile(join(elsewhere, 'package.json'), JSON.stringify({ ...entry, ...manifest }));
      await mkdir(join(project.root, 'node_modules'), { recursive: true });
      await symlink(elsewhere, join(project.root, 'node_modules', 'connector-linked'));
      await project.sandbox.writeFile(
        'package.json',
        JSON.stringify({ name: 'p', dependencies: { 'connector-linked': 'link:../linked' } }),
      );
      const { status, stderr } = await project.automate(['execute', 'linked', 'say', '--json']);
      expect(status).toBe(1);
      // The plugin's own log comes first.
      expect(JSON.parse(stderr.slice(stderr.indexOf('{\n')))).toMatchObject({
        code: 'INTERNAL_ERROR',
        blame,
        details: { reason: 'import_failed' },
        detail: expect.stringMatching(message),
      });
    } finally {
      await rm(elsewhere, { recursive: true, force: true });
    }
  });
});
