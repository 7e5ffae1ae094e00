import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { openBareNames } from './fixtures/bare-names.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');
const SUITE = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
);

let host: SandboxHost;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-conformance-'));
  const source = await readFile(join(FIXTURES, 'fixture-tools.js'), 'utf8');
  host = await SandboxHost.open({
    kinds: ['echo'],
    yaml: 'connectors:\n  - id: echo\n  - { id: f, kind: fixture_tools }\n',
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'fixture_tools', source })),
  });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** The official suite, from outside. */
function run(url: string, ...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [SUITE, 'server', '--url', url, ...args],
      { cwd: folder, env: { PATH: process.env['PATH'], NO_COLOR: '1' }, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, output: stdout + stderr }),
    );
  });
}

it.each([
  ['server-initialize', '2025-11-25'],
  ['server-session-lifecycle', '2025-11-25'],
  ['ping', '2025-11-25'],
  ['tools-list', '2025-11-25'],
  ['tools-list', '2026-07-28'],
  ['dns-rebinding-protection', '2025-11-25'],
  ['dns-rebinding-protection', '2026-07-28'],
  ['http-header-validation', '2026-07-28'],
  ['server-sse-multiple-streams', '2025-11-25'],
  ['server-sse-multiple-streams', '2026-07-28'],
])('passes %s of the official suite at %s with no exception', async (scenario, revision) => {
  const url = `${host.host.httpAddress}/mcp`;
  const { code, output } = await run(url, '--scenario', scenario, '--spec-version', revision);
  expect(output).toMatch(/Passed: (\d+)\/\1, 0 failed, 0 warnings/);
  expect(code).toBe(0);
});

it.each([
  ['2025-11-25', 'expected-failures.yaml'],
  ['2026-07-28', 'expected-failures-2026-07-28.yaml'],
])(
  'passes all that %s requires, with tools of a connector, but for what connectors do not have',
  async (revision, known) => {
    await using bare = await openBareNames(host.host.httpAddress ?? '', 'f');
    const { code, output } = await run(
      bare.url,
      '--requirements',
      revision,
      '--expected-failures',
      join(FIXTURES, known),
    );
    for (const tool of [
      'simple-text',
      'image',
      'audio',
      'embedded-resource',
      'mixed-content',
      'error',
      'with-progress',
    ])
      expect(output).toMatch(new RegExp(`✓ tools-call-${tool}: \\d+ passed, 0 failed`));
    const told = output.slice(output.indexOf('Unexpected failures'));
    expect([code, told]).toEqual([0, output.slice(-1)]);
  },
);
