import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { describeWith, isOnPath } from '@automate/tooling/require-service';
import { AUTOMATE, CliProject, plainEnvironment } from './fixtures/cli-project.ts';
import type { ServingHost } from './fixtures/serving-host.ts';
import { Terminal } from './fixtures/terminal.ts';

const YAML = 'connectors:\n  - { id: well, kind: echo }\n  - { id: away, kind: unreachable }\n';

describe('with a host that runs', () => {
  let project: CliProject;
  let host: ServingHost;
  beforeAll(async () => {
    project = await CliProject.open({ kinds: ['echo', 'unreachable'], yaml: YAML });
    host = await project.start();
  });
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    await project?.[Symbol.asyncDispose]();
  });

  it('automate plan ends with 3 also where no connector would change, but what holds for all', async () => {
    await writeFile(join(project.root, 'new.yaml'), `${YAML}mcp: { expose: { read_only: true } }\n`);
    expect(await project.automate(['plan', 'new.yaml'])).toMatchObject({
      status: 3,
      stdout: expect.stringMatching(/^~ mcp\n2 connectors stay as they are$/m),
    });
  });

  it('automate connectors restart ends with 1 where what was started anew is not well', async () => {
    expect(await project.automate(['connectors', 'restart', 'away'])).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('away: unhealthy'),
      stderr: expect.stringContaining('away was started anew and is not healthy'),
    });
    expect(await project.automate(['connectors', 'restart', 'well'])).toMatchObject({ status: 0, stderr: '' });
  });

  describeWith({ name: 'script', available: () => isOnPath('script') }, 'at a terminal', () => {
    it.each([
      ['Ctrl-C', '\u0003'],
      ['Ctrl-D', '\u0004'],
      ['Q', 'Q'],
    ])('automate top is ended by %s', async (_name, key) => {
      await using terminal = new Terminal(`"${process.execPath}" "${AUTOMATE}" top`, {
        cwd: project.root,
        env: plainEnvironment(),
        columns: 80,
      });
      await terminal.waitFor(/by calls: 2 connectors: /);
      terminal.type(key);
      await terminal.ended();
    });
  });
});
