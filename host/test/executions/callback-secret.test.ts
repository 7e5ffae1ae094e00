import { expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

it('of callbacks is seen in use, and is not removed by accident', async () => {
  await using host = await SandboxHost.open({
    kinds: [],
    yaml: 'executions: { callback_secret: "secretref://store/team/callbacks", callbacks: ["https://hooks.example.com/"] }',
  });
  const secret = { namespace: 'team', name: 'callbacks' };
  await host.service.setSecret({ ...secret, value: 'canary-secret' });
  const user = { kind: 'configuration', name: 'executions.callback_secret' };
  expect(await host.service.listSecrets()).toMatchObject([{ ...secret, usedBy: [user] }]);
  await expect(host.service.removeSecret(secret)).rejects.toMatchObject({
    details: { reason: 'secret_in_use', used_by: ['configuration executions.callback_secret'] },
  });
  await expect(host.service.removeSecret({ ...secret, force: true })).resolves.toMatchObject(secret);
});
