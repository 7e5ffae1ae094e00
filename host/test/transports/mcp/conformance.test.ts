import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';

const SUITE = join(
  dirname(createRequire(import.meta.url).resolve('@modelcontextprotocol/conformance/package.json')),
  'dist/index.js',
);

let host: SandboxHost;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-conformance-'));
  host = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors:\n  - id: echo\n' });
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** The official suite, from outside. */
function run(...args: readonly string[]): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [SUITE, 'server', '--url', `${host.host.httpAddress}/mcp`, ...args],
      { cwd: folder, env: { PATH: process.env['PATH'], NO_COLOR: '1' } },
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
  const { code, output } = await run('--scenario', scenario, '--spec-version', revision);
  expect(output).toMatch(/Passed: (\d+)\/\1, 0 failed, 0 warnings/);
  expect(code).toBe(0);
});
