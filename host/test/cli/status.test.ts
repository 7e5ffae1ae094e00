import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { CliProject } from './fixtures/cli-project.ts';

const YAML = `
connectors:
  - { id: echo }
  - { id: off, kind: echo, enabled: false }
  - { id: ghost, kind: not_installed }
`;

describe('automate status', () => {
  it('says which host runs, where, since when, and how its connectors are', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    await using host = await project.start();
    await project.automate(['connectors', 'health', 'echo']);
    const { status, stdout, stderr } = await project.automate(['status']);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(
      new RegExp(
        `^a host is running: version \\d+\\.\\d+\\.\\d+, process ${host.child.pid}, on \\S+, since \\d{4}-\\S+Z \\(\\d+ \\w+`,
        'm',
      ),
    );
    expect(stdout).toContain(`data directory: ${project.root}/.automate`);
    expect(stdout).toContain(`grpc: ${host.ready.grpc}`);
    expect(stdout).toContain(`rest: ${host.ready.http}`);
    expect(stdout).toMatch(/^connectors: 3, of which 1 healthy, 1 unhealthy, 1 unavailable$/m);
    expect(stdout).toMatch(/^ghost +unhealthy +no package that was found declares the kind/m);
    expect(await project.json(['status'])).toMatchObject({
      running: true,
      pid: host.child.pid,
      connectors: { total: 3, healthy: 1 },
    });
    await using elsewhere = await CliProject.open({ kinds: [] });
    const remote = await elsewhere.automate(['status', '--address', host.ready.grpc]);
    expect(remote).toMatchObject({ status: 0, stdout: expect.stringContaining(`process ${host.child.pid}`) });
  });

  it('lists a host that shares no store as itself alone', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    await using host = await project.start({ env: { HOST_LABELS: 'eu' } });
    const { status, stdout } = await project.automate(['hosts']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/^ID +NAME +VERSION +ADDRESS +LABELS +SINCE +LAST BEAT +HELD +MEMORY +DRIFT$/m);
    const [id, ...facts] = stdout.split('\n')[1]?.split(/ {2,}/) ?? [];
    expect(facts.slice(2, 4)).toEqual([host.ready.grpc, 'eu']);
    const { hosts, count } = (await project.json(['hosts'])) as {
      readonly hosts: readonly object[];
      readonly count: number;
    };
    expect(count).toBe(1);
    expect(hosts).toMatchObject([{ id, held: 1, drift: [], address: host.ready.grpc, labels: ['eu'] }]);
  });

  it('ends with 69 where none runs, and tells one that ended from one that was killed', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    const ask = async (): Promise<unknown> => {
      const { status, stdout, stderr } = await project.automate(['status', '--json']);
      expect(status).toBe(69);
      expect(stderr).toContain(`${project.root}/.automate`);
      return (JSON.parse(stdout) as { state: string }).state;
    };
    expect(await ask()).toBe('stopped');
    expect(await project.automate(['hosts'])).toMatchObject({ status: 69, stdout: '' });
    await using first = await project.start();
    await first.end('SIGKILL');
    expect(await ask()).toBe('killed');
    expect(await project.automate(['status'])).toMatchObject({
      stderr: expect.stringMatching(/was killed or crashed/),
    });
    await using second = await project.start();
    await second.end();
    expect(await ask()).toBe('stopped');
  });

  it('knows of a host that is still starting', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: YAML });
    await mkdir(join(project.root, '.automate'), { mode: 0o700 });
    const holder = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { lockDataDir } from ${JSON.stringify(new URL('../../dist/store/data-dir.js', import.meta.url).href)};
       if (lockDataDir('.automate')) console.log('held'); setInterval(() => undefined, 1000);`,
      ],
      { cwd: project.root, stdio: ['ignore', 'pipe', 'inherit'] },
    );
    await once(holder.stdout, 'data');
    try {
      const { status, stderr } = await project.automate(['status']);
      expect({ status, stderr }).toEqual({
        status: 69,
        stderr: expect.stringMatching(/a host on .* is starting or ending/),
      });
      expect((await project.automate(['connectors', 'list'])).stderr).toMatch(
        /is starting or ending.*worked in process/,
      );
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'close');
    }
  });
});
