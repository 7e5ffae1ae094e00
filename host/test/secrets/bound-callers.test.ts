import { expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { addKeeper } from '../fixtures/add-keeper.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const CANARY = 'Canary-4711-bound';

it('a caller who signs in without the scope secrets can send stored secrets nowhere else, over gRPC and REST alike', async () => {
  await using host = await SandboxHost.open({ kinds: [], yaml: 'connectors: []', prepare: addKeeper });
  const { token } = await host.service.createToken({ name: 'ci', scopes: ['manage', 'read'] });
  await host.service.register({
    id: 'mine',
    kind: 'keeper',
    host: '127.0.0.1',
    auth: { type: 'bearer', token: CANARY },
  });
  await using client = await connect({ address: host.host.grpcAddress ?? '', token });
  const { config } = await client.get('mine');
  const denied = { code: 'PERMISSION_DENIED', details: { reason: 'secret_rebind', scope: 'secrets' } };
  await expect(client.update({ ...config, host: 'attacker.example' })).rejects.toMatchObject(denied);
  await client.update({ ...config, description: 'the same place' });
  await expect(client.listSecrets()).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
  const answer = await fetch(`${host.host.httpAddress}/api/v1/connectors/mine`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({
      kind: 'keeper',
      host: 'attacker.example',
      auth: { type: 'bearer', token: config.auth.token },
    }),
  });
  expect([answer.status, await answer.json()]).toMatchObject([403, denied]);
});
