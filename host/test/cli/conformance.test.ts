import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { PluginSandbox } from '@automate/testing';

const AUTOMATE = join(import.meta.dirname, '../../bin/automate.js');
const CHECKS = ['--checks', 'version', 'package-version', 'secret-settings', 'level-process'];
let sandbox: PluginSandbox;

beforeAll(async () => {
  sandbox = await PluginSandbox.create();
  await sandbox.linkPackage('zod', dirname(fileURLToPath(import.meta.resolve('zod/package.json'))));
});
afterAll(() => sandbox.dispose());

/** A package `connector-NAME` whose actions are these, and its directory. */
function addPackage(
  name: string,
  version: string,
  actions: readonly string[],
  { settings = '', kind = 'quiet' } = {},
): Promise<string> {
  const table = actions.map(
    (action) => `${action}: action({
      description: 'Answers what it is given.', sideEffects: false, idempotent: true,
      input: z.strictObject({ text: z.string() }), run: ({ text }) => ({ text }) }),`,
  );
  const source = `import { action, ConnectorAdapter } from '@automate/sdk';
import { z } from 'zod';
export default class extends ConnectorAdapter {
  name = '${kind}';
  version = '${version}';
  configSchema = z.strictObject({ ${settings} });
  actions = { ${table.join('\n')} };
  connect() { return true; }
}
`;
  return sandbox.addConnector({
    kind,
    name: `connector-${name}`,
    version,
    source,
    packageJson: {
      type: 'module',
      engines: { automate: '^1.0.0' },
      keywords: ['automate-connector'],
      automate: { connectors: { [kind]: './adapter.js' } },
    },
  });
}

function automate(...args: readonly string[]): Promise<{ readonly code: number; readonly out: string }> {
  return new Promise((resolve) => {
    const options = { cwd: sandbox.root, env: { PATH: process.env['PATH'], HOME: process.env['HOME'] } };
    execFile(process.execPath, [AUTOMATE, ...args], options, (error, stdout) =>
      resolve({ code: error === null ? 0 : Number(error.code), out: stdout }),
    );
  });
}

it('gives a scorecard for people, as JSON, and as a badge that names the integrity of what was tried', async () => {
  await addPackage('sound', '1.2.0', ['echo']);
  const badge = join(sandbox.root, 'badge.svg');
  const table = await automate('conformance', 'connector-sound', ...CHECKS, '--badge', badge);
  expect(table).toMatchObject({ code: 0, out: expect.stringMatching(/quiet +level-process +ok/) });
  expect(table.out).toContain('connector-sound 1.2.0: 4 of 4 passed');
  const told = await automate('--json', 'conformance', 'connector-sound', ...CHECKS);
  const report = JSON.parse(told.out) as { readonly integrity: string };
  expect(report).toMatchObject({ package: 'connector-sound', passed: 4, total: 4, full: true });
  expect(await readFile(badge, 'utf8')).toContain(report.integrity);

  await writeFile(join(sandbox.pathOf('connector-sound'), 'more.js'), '// another package now\n');
  const after = JSON.parse(
    (await automate('--json', 'conformance', 'connector-sound', ...CHECKS)).out,
  ) as typeof report;
  expect(after.integrity).not.toBe(report.integrity);
});

it('ends with 1 and names the check for a package with a fault, and with 2 for one that is not there', async () => {
  const directory = await addPackage('leaky', '1.0.0', ['echo'], { settings: 'password: z.string().optional()' });
  const { code, out } = await automate('--json', 'conformance', directory, ...CHECKS);
  expect(code).toBe(1);
  const { kinds } = JSON.parse(out) as { readonly kinds: readonly { readonly checks: readonly object[] }[] };
  expect(kinds[0]?.checks).toContainEqual(expect.objectContaining({ name: 'secret-settings', status: 'failed' }));
  expect(await automate('conformance', 'connector-nowhere')).toMatchObject({ code: 2 });
});

it('holds a package to what its former release promised, unless it is a new major version', async () => {
  const former = await addPackage('former', '1.0.0', ['echo', 'shout']);
  const minor = await addPackage('minor', '1.1.0', ['echo', 'whisper']);
  const renamed = await addPackage('renamed', '1.1.0', ['echo', 'shout'], { kind: 'loud' });
  const major = await addPackage('major', '2.0.0', ['echo']);
  const broken = await automate('conformance', minor, '--checks', 'version', '--against', former);
  expect(broken).toMatchObject({ code: 1, out: expect.stringMatching(/compatible +FAILED +.*"shout" is gone/) });
  expect(await automate('conformance', renamed, '--checks', 'version', '--against', former)).toMatchObject({
    code: 1,
    out: expect.stringMatching(/quiet +compatible +FAILED +the kind is gone/),
  });
  expect(await automate('conformance', major, '--checks', 'version', '--against', former)).toMatchObject({ code: 0 });
  expect(await automate('conformance', former, '--checks', 'version', '--against', former)).toMatchObject({ code: 0 });
});
