import { expect, it } from '@jest/globals';
import type { ConnectorConfigInput } from '@automate/contract';
import { toWireConfig } from '@automate/contract/schemas';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { commandLine, registerDoors } from './doors.ts';
import { storedIn } from './stored-in.ts';

/** Where a literal secret of a registration is kept. */
const stored = (id: string): string => `secretref://store/connector.${id}/auth.password?version=1`;

const DOORS = ['cli', 'grpc', 'inside', 'lone_cli', 'raw_grpc', 'rest'];
const GIVEN = {
  kind: 'echo',
  auth: { type: 'basic', username: 'u', password: 'p' },
  healthCheck: { timeoutMs: 90_000 },
  retry: { attempts: 2 },
} as const satisfies Omit<ConnectorConfigInput, 'id'>;

it('what a registration leaves out stays out at every door, and takes the default of whichever host runs it', async () => {
  const first = await SandboxHost.open({ kinds: ['echo'], env: { HEALTH_INTERVAL: '7s' } });
  const { doors, client } = await registerDoors(first);
  for (const [door, register] of Object.entries(doors)) {
    await register({ id: door, kind: 'echo' });
    await register({ id: `${door}_more`, ...GIVEN });
  }
  const shown = async (host: SandboxHost) =>
    (await Promise.all((await host.service.list()).map(({ id }) => host.service.get(id)))).map(
      ({ config: { id: _id, name: _name, ...config } }) => config,
    );
  const [bare, more, ...others] = await shown(first);
  expect(bare).toMatchObject({ enabled: true, healthCheck: { intervalMs: 7000 }, retry: { attempts: 3 } });
  expect(more).toMatchObject({ healthCheck: { intervalMs: 7000, timeoutMs: 90_000 }, retry: { attempts: 2 } });
  const rest = ['grpc', 'inside', 'raw_grpc', 'rest'].map((door) => `${door}_more`);
  expect(others).toEqual(rest.flatMap((id) => [bare, { ...more, auth: { ...GIVEN.auth, password: stored(id) } }]));
  await client.close();
  await first.host.close();

  const alone = commandLine(first.sandbox.root);
  await alone({ id: 'lone_cli', kind: 'echo' });
  await alone({ id: 'lone_cli_more', ...GIVEN });
  expect(storedIn(first.sandbox.root)).toEqual(
    DOORS.flatMap((door) => {
      const id = `${door}_more`;
      return [
        { id: door, kind: 'echo' },
        toWireConfig({ id, ...GIVEN, auth: { ...GIVEN.auth, password: stored(id) } }),
      ];
    }),
  );

  await using second = await first.restart({ HEALTH_INTERVAL: '11s' });
  expect((await shown(second)).map(({ healthCheck }) => healthCheck.intervalMs)).toEqual(
    Array.from({ length: 12 }, () => 11_000),
  );
});

it('what the file leaves out, and a connector without configuration, take the default of the host', async () => {
  await using host = await SandboxHost.open({
    kinds: ['echo', 'unreachable'],
    manifests: { unreachable: { autoconfigure: true } },
    yaml: 'connectors: [{ id: echo }]\n',
    env: { HEALTH_INTERVAL: '500h' },
  });
  for (const id of ['echo', 'unreachable'])
    await expect(host.service.get(id)).resolves.toMatchObject({
      config: { healthCheck: { intervalMs: 500 * 3_600_000 } },
    });
});
