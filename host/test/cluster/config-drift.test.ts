import { createHash } from 'node:crypto';
import { expect, it } from '@jest/globals';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { openSharingHosts } from './fixtures/sharing-hosts.ts';

const CANARY = 'canary-Tok/4711+xyz';
const slack = (port: number) =>
  `{ id: slack, kind: marking, host: 127.0.0.1, port: ${port}, auth: { type: bearer, token: '${CANARY}' } }`;
const FILE = `connectors:
  - ${slack(1)}
  - { id: same, kind: marking, host: 127.0.0.1, port: 2 }
profiles:
  shared: { kind: marking, settings: { a: 1 } }
access: { limits: { calls_in_flight: 7 } }
`;
/** The same in another order. */
const SAME = `# By somebody else.
access:
  limits: { calls_in_flight: 7 }
profiles: { shared: { settings: { a: 1 }, kind: marking } }
connectors:
  - { kind: marking, id: same, port: 2, host: 127.0.0.1 }
  - ${slack(1)}
`;
const OTHER = FILE.replace(slack(1), slack(3))
  .replace('_flight: 7', '_flight: 8')
  .replace(/profiles:\n.*\n/, '');

describeWithPostgres('hosts that share a store, and their configuration files', (databases) => {
  it('say in which parts these differ, whose is the odd one, and once that they are alike again; no secret is among it', async () => {
    await using scene = await openSharingHosts(databases, { yaml: FILE });
    const { start, project, url } = scene;
    const [like, unlike] = [await scene.bare(), await scene.bare()];
    await like.sandbox.writeFile('config/connectors.yaml', SAME);
    await unlike.sandbox.writeFile('config/connectors.yaml', OTHER);
    const one = await start('a');
    const two = await start('b', {}, like);
    const odd = await start('c', {}, unlike);
    const oddId = (await odd.service.listHosts()).find(({ address }) => address === odd.host.ready.grpc)?.id;
    const parts = ['access', 'connectors.slack', 'profiles.shared'];
    for (const { service } of [one, two, odd]) {
      const hosts = await eventually(
        () => service.listHosts(),
        (all) => all.length === 3 && all.every(({ configDrift }) => configDrift.length === 3),
      );
      expect(hosts.map(({ configDrift }) => configDrift.map(({ part }) => part))).toEqual([parts, parts, parts]);
      const formsOf = (isOdd: boolean) =>
        new Set(
          hosts.filter(({ id }) => (id === oddId) === isOdd).map(({ configDrift }) => JSON.stringify(configDrift)),
        );
      expect([formsOf(true).size, formsOf(false).size]).toEqual([1, 1]);
      expect(formsOf(true)).not.toEqual(formsOf(false));
    }
    for (const { host } of [one, two, odd]) await host.waitForRecord(({ event }) => event === 'configs_differ');
    expect(odd.host.records.find(({ event }) => event === 'configs_differ')).toMatchObject({
      drift: expect.arrayContaining([{ part: 'profiles.shared' }]),
      msg: expect.stringContaining('no profiles.shared'),
    });

    const answer = await fetch(`${one.host.ready.http}/api/v1/hosts`);
    const { hosts } = (await answer.json()) as { hosts: { id: string; config_drift: { part: string }[] }[] };
    expect(hosts.find(({ id }) => id === oddId)?.config_drift).toEqual([
      { part: 'access', form: expect.stringMatching(/^[\da-f]{12}$/) },
      { part: 'connectors.slack', form: expect.any(String) },
      { part: 'profiles.shared' },
    ]);
    const env = { STORE_URL: url, MASTER_KEY_FILE: 'master.key', DATA_DIR: 'a' };
    const table = await project.automate(['hosts'], { env });
    expect(table.stdout).toMatch(
      /file: access \([\da-f]{12}\); file: connectors\.slack \([\da-f]{12}\); file without profiles\.shared/,
    );
    const { stdout } = await project.automate(['doctor', '--json'], { env });
    const { checks } = JSON.parse(stdout) as { checks: { check: string; state: string; message: string }[] };
    expect(checks.find(({ check }) => check === `host ${oddId}`)).toMatchObject({
      state: 'warning',
      message: expect.stringContaining('its file has access, connectors.slack, no profiles.shared'),
    });

    const told = JSON.stringify(await databases.sql(url, 'SELECT plugins FROM automate.hosts'));
    expect(told).toContain('connectors.slack');
    expect(told).not.toContain(CANARY);
    // Nor what follows from it without the master key.
    for (const text of [CANARY, slack(1)])
      expect(told).not.toContain(createHash('sha256').update(text).digest('hex').slice(0, 12));

    await unlike.sandbox.writeFile('config/connectors.yaml', FILE);
    for (const { host } of [one, two, odd]) await host.waitForRecord(({ event }) => event === 'configs_alike');
    await eventually(
      () => one.service.listHosts(),
      (all) => all.every(({ configDrift }) => configDrift.length === 0),
    );
  });
});
