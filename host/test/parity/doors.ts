import { connect } from '@automate/client';
import type { ConnectorConfigInput } from '@automate/contract';
import { toWireConfig } from '@automate/contract/schemas';
import { AUTOMATE, plainEnvironment } from '../cli/fixtures/cli-project.ts';
import { mustRun } from '../cli/fixtures/run-command.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import type { SandboxHost } from '../fixtures/sandbox-host.ts';
import { openRawDoor } from './raw-door.ts';

export type Register = (config: ConnectorConfigInput) => Promise<unknown>;

/** The command line, at a host or, without an address, by itself. */
export function commandLine(root: string, address?: string): Register {
  const to = address === undefined ? [] : ['--address', address];
  return (config) =>
    mustRun(
      process.execPath,
      [AUTOMATE, 'connectors', 'register', '--input', JSON.stringify(toWireConfig(config)), ...to],
      { cwd: root, env: { ...plainEnvironment(), HEALTH_INTERVAL: '7s' } },
    );
}

/** Every door through which a connector can be registered, by a name that an id may have. */
export async function registerDoors({ host, sandbox, service }: SandboxHost) {
  const { grpcAddress = '', httpAddress = '' } = host;
  const client = await connect({ address: grpcAddress });
  const doors: Readonly<Record<string, Register>> = {
    cli: commandLine(sandbox.root, grpcAddress),
    grpc: (config) => client.register(config),
    inside: (config) => service.register(config),
    raw_grpc: (config) => openRawDoor(grpcAddress).register(config),
    rest: (config) => openRestBackend(httpAddress).register(config),
  };
  return { doors, client };
}
