import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { connect } from '@automate/client';
import { expect, it } from '@jest/globals';
import { bytesOfData } from '../fixtures/bytes-of-data.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const CANARY = 'Canary-4711-clear';
const CLEAR = {
  id: 'mine',
  kind: 'echo',
  host: '127.0.0.1',
  name: `https://me:${CANARY}@a.example`,
  description: `its wiki: https://wiki.example/?token=${CANARY}`,
  tags: ['open', `https://${CANARY}@b.example/`],
  healthCheck: { path: `/ping?api_key=${CANARY}` },
};

it('a secret in a text where none can be kept elsewhere is refused, by its place, and lies in no file', async () => {
  await using host = await SandboxHost.open({ kinds: ['echo'], env: { HEALTH_INTERVAL: '20h' } });
  await using client = await connect({ address: host.host.grpcAddress ?? '' });
  const expected = expect.stringContaining('belongs into auth, settings, metadata, proxy or base_path, which are kept');
  const refused = {
    code: 'INVALID_INPUT',
    details: { reason: 'config_refused' },
    problems: ['name', 'description', 'tags[1]', 'health_check.path'].map((path) => ({ path, expected })),
  };
  await expect(client.register(CLEAR)).rejects.toMatchObject(refused);
  const open = {
    id: 'mine',
    kind: 'echo',
    description: 'see https://wiki.example/page?tab=1 and //shares/of/the/team',
  };
  await client.register(open);
  await expect(client.update(CLEAR)).rejects.toMatchObject(refused);
  await expect(client.get('mine')).resolves.toMatchObject({ config: open });
  await expect(
    client.setProfile({ name: 'mine', kind: 'echo', environment: `https://me:${CANARY}@c.example` }),
  ).rejects.toMatchObject({ problems: [{ path: 'environment' }] });
  await client.register({ ...open, id: 'other', metadata: { wiki: CLEAR.name } });
  expect((await bytesOfData(host.sandbox.root)) + host.logText).not.toContain(CANARY);
});

it('of one that lies there already the operator is told at each start, and where', async () => {
  await using host = await SandboxHost.open({ kinds: ['echo'], env: { HEALTH_INTERVAL: '20h' } });
  await host.service.register({ id: 'mine', kind: 'echo', host: '127.0.0.1' });
  await host.host.close();
  const database = new DatabaseSync(join(host.sandbox.root, '.automate', 'connectors.db'));
  const set = database.prepare("UPDATE connectors SET config = json_set(config, '$.health_check', json(?))");
  set.run(JSON.stringify({ path: CLEAR.healthCheck.path }));
  database.close();
  await using again = await host.restart();
  expect(again.host.report.warnings).toEqual([
    'the registered connector "mine" has what seems to be a secret in health_check.path, which lies in the database in clear: change it',
  ]);
  expect(again.logText).not.toContain(CANARY);
});
