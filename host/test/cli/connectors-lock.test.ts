import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { CliProject } from './fixtures/cli-project.ts';

const BROKEN = `# Written by hand.
lock_version: 1
packages:
  '@acme/connector-x':
    version: 7
    integrity: sha512-x
    kinds:
      x:
        settings: sha256-x
        actions:
          ask:
            effect: sometimes
            schema: sha256-y
    colour: red
`;

it('a broken lock is told of whole, each problem with its path and line', async () => {
  await using project = await CliProject.open({ kinds: ['echo'] });
  const file = join(project.root, 'connectors.lock');
  await writeFile(file, BROKEN);
  const { status, stderr } = await project.automate(['plugins', 'diff']);
  expect(status).toBe(78);
  const lines = stderr.split('\n').filter((line) => line.startsWith(file));
  expect(lines.map((line) => line.slice(file.length))).toEqual([
    ':5:1: packages.@acme/connector-x.version: expected string, received 7',
    ':4:1: packages.@acme/connector-x.manifest: expected string, received nothing',
    ':12:1: packages.@acme/connector-x.kinds.x.actions.ask.effect: expected one of "read"|"repeatable write"|"write", received "sometimes"',
    expect.stringMatching(/^:4:1: packages\.@acme\/connector-x: expected no other keys, received "colour": restore it/),
  ]);
  const { stderr: document } = await project.automate(['plugins', 'diff', '--json']);
  expect(JSON.parse(document)).toMatchObject({
    problems: [{ line: 5 }, { line: 4 }, { line: 12 }, { line: 4, path: 'packages.@acme/connector-x' }],
  });
  await writeFile(file, 'lock_version: 1\npackages:\n  a: [\n');
  const torn = await project.automate(['plugins', 'diff']);
  expect(torn.stderr).toMatch(/connectors\.lock:4:1: connectors\.lock: expected YAML, received /);
});

it('what is installed is accepted as it is told, and a project without connectors gets no lock', async () => {
  await using empty = await CliProject.open({ kinds: [] });
  const lock = join(empty.root, 'connectors.lock');
  const nothing = await empty.automate(['plugins', 'update', '--installed', '--yes']);
  expect([nothing.status, nothing.stdout]).toEqual([0, expect.stringMatching(/^nothing to do: there are no packages/)]);
  expect(existsSync(lock)).toBe(false);

  await using project = await CliProject.open({ kinds: ['echo'] });
  const accepted = await project.automate(['plugins', 'update', '--installed', '--yes']);
  expect([accepted.status, accepted.stdout]).toEqual([0, expect.stringContaining('connector-echo')]);
  const text = await readFile(join(project.root, 'connectors.lock'), 'utf8');
  await project.sandbox.removePackage('connector-echo');
  const gone = await project.automate(['plugins', 'update', '--installed', '--yes', '--json']);
  expect(JSON.parse(gone.stdout)).toMatchObject({ changes: [{ package: 'connector-echo', to: null }], warnings: [] });
  await writeFile(join(project.root, 'connectors.lock'), `${text}# a word\n`);
});
