import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorConfigInput } from '@automate/contract';
import { toWireConfig } from '@automate/contract/schemas';
import { AUTOMATE, plainEnvironment } from '../cli/fixtures/cli-project.ts';
import { mustRun } from '../cli/fixtures/run-command.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { openRawDoor } from './raw-door.ts';

type Register = (config: ConnectorConfigInput) => Promise<unknown>;

/** The command line, at a host or, without an address, by itself. */
function commandLine(root: string, address?: string): Register {
  const to = address === undefined ? [] : ['--address', address];
  return (config) =>
    mustRun(
      process.execPath,
      [AUTOMATE, 'connectors', 'register', '--input', JSON.stringify(toWireConfig(config)), ...to],
      {
        cwd: root,
        env: { ...plainEnvironment(), HEALTH_INTERVAL: '7s' },
      },
    );
}

function storedIn(root: string): readonly unknown[] {
  const db = new DatabaseSync(join(root, '.automate', 'connectors.db'), { readOnly: true });
  try {
    return db
      .prepare('select config from connectors order by id')
      .all()
      .map((row) => JSON.parse(String(row['config'])) as unknown);
  } finally {
    db.close();
  }
}

const DOORS = ['cli', 'grpc', 'inside', 'lone_cli', 'raw_grpc', 'rest'];
const GIVEN = {
  kind: 'echo',
  auth: { type: 'basic', username: 'u', password: 'p' },
  healthCheck: { timeoutMs: 90_000 },
  retry: { attempts: 2 },
} as const satisfies Omit<ConnectorConfigInput, 'id'>;

it('what a registration leaves out stays out at every door, and takes the default of whichever host runs it', async () => {
  const first = await SandboxHost.open({ kinds: ['echo'], env: { HEALTH_INTERVAL: '7s' } });
  const { grpcAddress = '', httpAddress = '', service } = first.host;
  const client = await connect({ address: grpcAddress });
  const doors: Readonly<Record<string, Register>> = {
    cli: commandLine(first.sandbox.root, grpcAddress),
    grpc: (config) => client.register(config),
    inside: (config) => service.register(config),
    raw_grpc: (config) => openRawDoor(grpcAddress).register(config),
    rest: (config) => openRestBackend(httpAddress).register(config),
  };
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
  expect(others).toEqual(Array.from({ length: 4 }, () => [bare, more]).flat());
  await client.close();
  await first.host.close();

  const alone = commandLine(first.sandbox.root);
  await alone({ id: 'lone_cli', kind: 'echo' });
  await alone({ id: 'lone_cli_more', ...GIVEN });
  expect(storedIn(first.sandbox.root)).toEqual(
    DOORS.flatMap((id) => [{ id, kind: 'echo' }, toWireConfig({ id: `${id}_more`, ...GIVEN })]),
  );

  await using second = await first.restart({ HEALTH_INTERVAL: '11s' });
  expect((await shown(second)).map(({ healthCheck }) => healthCheck.intervalMs)).toEqual(
    Array.from({ length: 12 }, () => 11_000),
  );
});
