import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import type { ConnectorService } from '@automate/contract';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const MCP = fileURLToPath(new URL('../../../plugins/mcp', import.meta.url));
const SERVER = fileURLToPath(new URL('../../../plugins/mcp/test/fixtures/stdio-server.ts', import.meta.url));

const STUBBORN = fileURLToPath(new URL('./fixtures/stubborn-server.mjs', import.meta.url));
const LEVELS = ['thread', 'process', 'restricted'];

const settings = `{ command: "${process.execPath}", args: ["--disable-warning=ExperimentalWarning", "${SERVER}"] }`;
const yaml = (level: string, grant: boolean): string => `
plugins: { scan: all, grants: { "*": { network: ["*"]${grant ? ', child_process: true' : ''} } } }
connectors:
  - { id: tools, kind: mcp, isolation: ${level}, health_check: { enabled: false }, retry: { attempts: 1 }, settings: ${settings} }
`;

function open(text: string): Promise<SandboxHost> {
  return SandboxHost.open({
    kinds: [],
    yaml: text,
    prepare: (sandbox) => sandbox.linkPackage('@automate/connector-mcp', MCP),
  });
}

describe('a program that a setting names', () => {
  it.each(['thread', 'process'])('is started from the file at the level %s where that is granted', async (level) => {
    await using host = await open(yaml(level, true));
    const { service } = host;
    expect((await service.describe('tools')).actions.map(({ name }) => name)).toContain('get_weather');
    await expect(
      service.execute({ id: 'tools', action: 'get_weather', payload: { city: 'Oslo' } }),
    ).resolves.toMatchObject({ result: { city: 'Oslo', degrees: 21 } });
    await expect(service.execute({ id: 'tools', action: 'fail', payload: {} })).rejects.toMatchObject({
      code: 'UPSTREAM_5XX',
      blame: 'remote',
    });
  });

  it.each(['thread', 'process'])('is not started at the level %s where that is not granted', async (level) => {
    await using host = await open(yaml(level, false));
    await expect(host.service.execute({ id: 'tools', action: 'env', payload: {} })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('was not granted child_process'),
      problems: [expect.objectContaining({ path: 'settings.command' })],
    });
  });

  it('is not started at the level restricted where that is not granted, which names the line that grants it', async () => {
    await using host = await open(yaml('restricted', false));
    await expect(host.service.execute({ id: 'tools', action: 'env', payload: {} })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining('grants: { "@automate/connector-mcp": { child_process: true } }'),
    });
  });

  it('that does not start as the walls are in its way is told of with its own words', async () => {
    await using host = await open(yaml('restricted', true));
    await expect(host.service.execute({ id: 'tools', action: 'env', payload: {} })).rejects.toMatchObject({
      code: 'TRANSIENT_NETWORK',
      message: expect.stringMatching(
        /should choose the level "process"[^]*its program said: [^]*ERR_ACCESS_DENIED[^]*FileSystemRead/,
      ),
    });
  });

  it('is not taken over the API, whatever is granted', async () => {
    await using host = await open(yaml('thread', true));
    const { service } = host;
    const command = process.execPath;
    await expect(service.register({ id: 'mine', kind: 'mcp', settings: { command } })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [
        {
          path: 'settings.command',
          message: expect.stringContaining('must write that connector into the configuration file'),
        },
      ],
    });
    await service.register({ id: 'far', kind: 'mcp', settings: { url: 'http://127.0.0.1:1/mcp' } });
  });
});

async function eventually(what: string, isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 60_000;
  while (!(await isSo())) {
    if (Date.now() > end) throw new Error(`not so in time: ${what}`);
    await delay(20);
  }
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const numberFrom = async (service: ConnectorService, id: string, action: string): Promise<number> => {
  const { result } = await service.execute({ id, action, payload: {} });
  return Number((result as { readonly text: string }).text);
};

const stubborn = (level: string): object => ({
  kind: 'mcp',
  isolation: level,
  health_check: { enabled: false },
  retry: { attempts: 1 },
  settings: { command: process.execPath, args: [STUBBORN] },
});

function openStubborn(ids: readonly string[], level: string): Promise<SandboxHost> {
  const connectors = ids.map((id) => ({ id, ...stubborn(level) }));
  const grants = { '*': { network: ['*'], child_process: true } };
  return open(JSON.stringify({ plugins: { scan: 'all', grants }, connectors }));
}

describe.each(LEVELS)('a program that wants to live for ever, at the level %s', (level) => {
  it('is started again when it was killed, and is gone with the connector, whatever it does against it', async () => {
    await using host = await openStubborn(['tools', 'other'], level);
    const { service } = host;
    const first = await numberFrom(service, 'tools', 'pid');
    process.kill(first, 'SIGKILL');
    let second = first;
    await eventually('another program runs', async () => {
      second = await numberFrom(service, 'tools', 'pid').catch(() => first);
      return second !== first;
    });
    const worker = await numberFrom(service, 'tools', 'parent');
    expect(worker === process.pid).toBe(level === 'thread');
    if (level !== 'thread') {
      process.kill(worker, 'SIGKILL');
      await eventually('the program is gone with its worker', () => !isAlive(second));
      await eventually("another program runs after the worker's end", async () => {
        second = await numberFrom(service, 'tools', 'pid').catch(() => 0);
        return second !== 0;
      });
    }
    const other = await numberFrom(service, 'other', 'pid');
    await host.writeConfig(JSON.stringify({ connectors: [] }));
    await eventually('the programs are gone with their connectors', () => !isAlive(second) && !isAlive(other));
  });

  it('that is still running when the host ends is ended with it', async () => {
    const host = await openStubborn(['tools'], level);
    const pid = await numberFrom(host.service, 'tools', 'pid');
    await host[Symbol.asyncDispose]();
    await eventually('the program is gone with the host', () => !isAlive(pid));
  });
});
