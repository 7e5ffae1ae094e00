import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { CliProject } from '../cli/fixtures/cli-project.ts';

const env = { AUDIT: 'on' };

it('one-off commands are recorded where the audit is on, and listed, exported and verified without a host', async () => {
  await using project = await CliProject.open({ yaml: 'connectors:\n  - id: echo\n', kinds: ['echo'] });
  expect((await project.automate(['audit', 'list'], { env: {} })).stderr).toContain('AUDIT=on');
  await project.automate(['execute', 'echo', 'say', '--input', '{"text":"hello"}'], { env });
  const evil = 'a\u001b[31m\nb';
  await project.automate(['execute', 'echo', evil], { env });
  await project.automate(['connectors', 'remove', 'nobody'], { env });
  const list = (await project.automate(['audit', 'list'])).stdout.trimEnd().split('\n');
  expect(list).toHaveLength(5);
  expect(list[0]).toMatch(/^NUMBER +TIME +CALLER +DOOR +OPERATION +OF +CODE +TOOK$/);
  expect(list[1]).toMatch(/^4 .* local +local +remove +nobody +NOT_FOUND +[\d.]+ ms$/);
  expect(list[3]).toContain('echo a\\u001b[31m\\u000ab');
  expect((await project.automate(['audit', 'list', '--limit', '1', '--action', 'say'])).stdout).toMatch(
    /^1 .*echo say +OK/m,
  );
  expect((await project.automate(['audit', 'list', '--limit', 'all'])).status).toBe(2);
  expect((await project.automate(['audit', 'list', '--since', 'yesterday'])).status).toBe(1);
  const exported = (await project.automate(['audit', 'export'])).stdout.trimEnd().split('\n');
  expect(exported.map((line) => (JSON.parse(line) as { readonly seq: number }).seq)).toEqual([1, 2, 3, 4]);
  const { stdout } = await project.automate(['audit', 'verify']);
  const head = /--head: (4:[0-9a-f]{64})/.exec(stdout)?.[1] ?? '';
  expect(stdout).toMatch(/^4 records are as they were written/);
  const copy = join(project.root, 'copy');
  await mkdir(copy);
  for (const name of ['audit.db', 'audit.db-head'])
    await copyFile(join(project.root, '.automate', name), join(copy, name));
  const verify = (...more: readonly string[]) =>
    project.automate(['audit', 'verify', '--file', join(copy, 'audit.db'), ...more]);
  expect(await verify('--head', head)).toMatchObject({ status: 0 });
  expect(
    await verify(
      '--head',
      head.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
    ),
  ).toMatchObject({ status: 1, stdout: expect.stringContaining('is another than the one that is expected') });
  expect(await verify('--head', 'nonsense')).toMatchObject({ status: 2 });
}, 120_000);
