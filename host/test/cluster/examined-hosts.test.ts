import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly message: string;
  readonly remedy?: string;
}

async function examine(project: CliProject, env: Readonly<Record<string, string>>): Promise<readonly Finding[]> {
  const { stdout } = await project.automate(['doctor', '--json'], { env });
  return (JSON.parse(stdout) as { readonly checks: readonly Finding[] }).checks;
}

describeWithPostgres('hosts that share a store, when they are examined', (databases) => {
  it('say of each connector how it is, also of one that no host can run, and of a host that the others do not reach', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, config, project, url } = scene;
    const one = await start('a');
    await one.service.register(config('well'));
    await one.service.register({ ...config('nowhere'), placement: 'mars' });
    const nowhere = { status: 'unhealthy', healthy: false, blame: 'operator' };
    await expect(one.service.healthCheckAll()).resolves.toMatchObject({
      well: { status: 'healthy' },
      nowhere: { ...nowhere, message: expect.stringContaining('HOST_LABELS=mars') },
    });

    // Nobody listens there: what it takes, no other host can call.
    const other = await start('b', { ADVERTISE_ADDRESS: '127.0.0.1:1' });
    await knows(other.service, 'well');
    await other.service.register(config('apart'));
    await other.service.healthCheck('apart');
    await eventually(async () => (await one.service.listHosts()).length === 2);
    await knows(one.service, 'apart');
    const { id } = (await one.service.listHosts()).find(({ address }) => address === '127.0.0.1:1') ?? {};

    const keyFile = join(project.root, 'master.key');
    const findings = await examine(project, { STORE_URL: url, MASTER_KEY_FILE: keyFile, DATA_DIR: 'a' });
    const of = (check: string) => findings.filter((finding) => finding.check === check);
    expect(of('connector nowhere')).toMatchObject([
      { state: 'failed', message: expect.stringContaining('HOST_LABELS=mars') },
    ]);
    expect(of('connector well')).toMatchObject([{ state: 'ok' }]);
    expect(of(`host ${id}`)).toMatchObject([
      {
        state: 'failed',
        message: expect.stringContaining('127.0.0.1:1'),
        remedy: expect.stringContaining('ADVERTISE_ADDRESS'),
      },
    ]);
    // Nobody signs in, so that nothing is recorded.
    expect(of('audit')).toEqual([]);
  });

  it('are told of a master key that the others do not have', async () => {
    await using scene = await openSharingHosts(databases);
    const { start, project, url } = scene;
    const one = await start('a');
    await one.service.setSecret({ namespace: 'team', name: 'word', value: 'hidden' });
    const foreign = join(project.root, 'foreign.key');
    await writeFile(foreign, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const ask = (MASTER_KEY_FILE: string) => examine(project, { STORE_URL: url, MASTER_KEY_FILE, DATA_DIR: 'c' });
    const keyOf = (findings: readonly Finding[]) => findings.filter(({ check }) => check === 'master key');
    expect(keyOf(await ask(foreign))).toMatchObject([
      {
        state: 'failed',
        message: expect.stringContaining(foreign),
        remedy: expect.stringContaining('MASTER_KEY_FILE'),
      },
    ]);
    expect(keyOf(await ask(join(project.root, 'master.key')))).toMatchObject([{ state: 'ok' }]);
  });

  it('are told of a right that their user lacks in the database', async () => {
    const url = await databases.create();
    const name = new URL(url).pathname.slice(1);
    await databases.sql(url, `CREATE ROLE ${name} LOGIN PASSWORD 'word'`);
    const own = new URL(url);
    [own.username, own.password] = [name, 'word'];
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]' });
    const ask = async () =>
      (await examine(project, { STORE_URL: own.href, GRPC_PORT: '0', HTTP_PORT: '0' })).filter(
        ({ check }) => check === 'store',
      );
    const right = `GRANT CREATE ON DATABASE ${name} TO ${name}`;
    expect(await ask()).toMatchObject([{ state: 'failed', remedy: expect.stringContaining(right) }]);
    await databases.sql(url, right);
    expect(await ask()).toMatchObject([{ state: 'ok' }]);
  });
});
