import { connect } from '@automate/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { ConnectorService } from '@automate/contract';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { HTTP_ROUTES } from '@automate/contract/http';
import { buildProgram } from '../../src/cli/build-program.ts';
import type { CliContext } from '../../src/cli/cli-context.ts';
import { openRestBackend } from '../fixtures/rest-backend.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { OWN_TOOLS } from '../../src/transports/mcp/own-tools.ts';
import { openCommandLineDoor } from './command-line-door.ts';
import { openMcpDoor } from './mcp-door.ts';
import type { OperationRow, Spared } from './every-operation.ts';
import { APPLIED, EVERY_OPERATION } from './every-operation.ts';

const ROWS = Object.entries<OperationRow>(EVERY_OPERATION);
const DOORS = ['grpc', 'rest', 'cli', 'mcp'] as const;

function isSpared(place: string | Spared | undefined): place is Spared | undefined {
  return typeof place !== 'string';
}

describe('every operation', () => {
  let host: SandboxHost;
  let inside: ConnectorService;
  let agent: Awaited<ReturnType<typeof openMcpDoor>>;
  let doors: Readonly<Record<(typeof DOORS)[number], ConnectorService>>;
  beforeAll(async () => {
    host = await SandboxHost.open({ kinds: ['echo'], yaml: APPLIED, env: { AUDIT: 'on' } });
    inside = host.service;
    await inside.healthCheck('echo');
    const { token } = await inside.createToken({ name: 'door', scopes: ['admin'] });
    agent = await openMcpDoor(host.host.httpAddress ?? '', token);
    doors = {
      mcp: agent.service,
      grpc: await connect({ address: host.host.grpcAddress ?? '', token }),
      rest: openRestBackend(host.host.httpAddress ?? '', token),
      cli: openCommandLineDoor(host.sandbox.root),
    };
  });
  afterAll(async () => {
    for (const door of [doors.grpc, doors.rest, doors.cli]) await door.close();
    await agent[Symbol.asyncDispose]();
    await host[Symbol.asyncDispose]();
  });

  /** What an operation answers at a door, without what differs from call to call. */
  async function answerAt(door: ConnectorService, row: OperationRow): Promise<unknown> {
    await row.before?.(inside, door);
    const answer = await row.play(door);
    await row.after?.(inside, answer, door);
    const plain: unknown = JSON.parse(
      JSON.stringify(answer, (key, value: unknown) => (row.volatile?.includes(key) === true ? `a ${key}` : value)),
    );
    return row.formAlone === true ? formOf(plain) : plain;
  }

  it.each(ROWS)('%s answers the same at every door that has it', async (_name, row) => {
    const wanted = await answerAt(inside, row);
    for (const name of DOORS)
      if (!isSpared(row[name]))
        expect({ door: name, answer: await answerAt(doors[name], row) }).toEqual({ door: name, answer: wanted });
  });

  it('is at a door, or it says why not, and no door has what the port has not', () => {
    const placesOf = (door: (typeof DOORS)[number]): readonly string[] =>
      [...new Set(ROWS.map(([, row]) => row[door]).filter((place) => !isSpared(place)))].toSorted() as string[];
    expect(placesOf('grpc')).toEqual(Object.keys(CONNECTORS_SERVICE).toSorted());
    expect(placesOf('rest')).toEqual(Object.keys(HTTP_ROUTES).toSorted());
    const program = buildProgram({} as CliContext, '1.0.0', { json: false });
    const commands = program.commands.flatMap((command) => [
      command.name(),
      ...command.commands.map((below) => `${command.name()} ${below.name()}`),
    ]);
    expect(placesOf('cli').filter((command) => !commands.includes(command))).toEqual([]);
    expect(placesOf('mcp')).toEqual([...OWN_TOOLS.keys(), '*'].toSorted());
    for (const [, row] of ROWS)
      for (const door of [row.grpc, row.rest, row.cli]) if (isSpared(door)) expect(door?.why).toMatch(/\w/);
  });
});

function formOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(formOf);
  if (typeof value !== 'object' || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, formOf(inner)]));
}
