import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const MCP = fileURLToPath(new URL('../../../plugins/mcp', import.meta.url));
const SERVER = fileURLToPath(new URL('../../../plugins/mcp/test/fixtures/stdio-server.ts', import.meta.url));

const settings = `{ command: "${process.execPath}", args: ["--disable-warning=ExperimentalWarning", "${SERVER}"] }`;
const yaml = (level: string, grant: boolean): string => `
plugins: { scan: all, grants: { "*": { network: ["127.0.0.1"]${grant ? ', child_process: true' : ''} } } }
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
