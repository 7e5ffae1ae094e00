import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ENTRY, entry, source } from '../fixtures/counting-host.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const fileOf = (host: SandboxHost): string => join(host.sandbox.root, 'config', 'connectors.yaml');

describe('a rule of the network', () => {
  const listening = createServer((_request, response) => response.end('{}'));
  let port: number;
  let host: SandboxHost;
  beforeAll(async () => {
    await once(listening.listen(0, '127.0.0.1'), 'listening');
    ({ port } = listening.address() as AddressInfo);
    host = await SandboxHost.open({
      kinds: [],
      yaml: ENTRY,
      prepare: async (sandbox) =>
        void (await sandbox.addConnector({
          kind: 'counting',
          source: source({ connect: 'await this.context.http.request({ path: "/" }); return true;' }),
        })),
    });
    const asked = { kind: 'counting', host: '127.0.0.1', port };
    await host.service.register({ id: 'mine', ...asked });
    const yaml = `connectors:\n  - { id: one, kind: counting, host: 127.0.0.1, port: ${port} }\n`;
    await host.service.applyConfig({ yaml });
    for (const id of ['one', 'mine'])
      await expect(host.service.healthCheck(id)).resolves.toMatchObject({ status: 'healthy' });
  });
  afterAll(async () => {
    await host?.[Symbol.asyncDispose]();
    listening.close();
  });

  it('that cuts connectors off is told at the field that leads there, and of registered ones at the rules', async () => {
    const yaml = `# Nobody home.\nconnectors:\n  - id: one\n    kind: counting\n    host: 127.0.0.1\n    port: ${port}\n    settings: { word: x }\nnetwork:\n  deny: [loopback]\n`;
    const { problems } = await host.service.planConfig({ yaml, name: 'new.yaml' });
    const remedy = `network: { allow: ["127.0.0.1:${port}"] }`;
    expect(problems).toEqual([
      expect.objectContaining({ path: 'connectors[0].host', line: 5, message: expect.stringContaining(remedy) }),
      expect.objectContaining({ path: 'network', line: 8, column: 1, message: expect.stringContaining(remedy) }),
    ]);
    expect(problems[1]?.message).toMatch(
      /"mine" would not work: host: .* from 127\.0\.0\.1:\d+: .*"loopback" of network\.deny.*over the API/,
    );
  });

  it('that is missing for a new connector is told as well, which would never find what it asks for', async () => {
    const text = await readFile(fileOf(host), 'utf8');
    const yaml = `${text}  - { id: cloud, kind: counting, host: 169.254.169.254, port: 80 }\n`;
    const { problems } = await host.service.planConfig({ yaml });
    expect(problems).toMatchObject([
      {
        path: 'connectors[1].host',
        line: 3,
        message: expect.stringContaining('network: { allow: ["169.254.169.254:80"] }'),
      },
    ]);
    await expect(host.service.applyConfig({ yaml })).rejects.toMatchObject({ code: 'CONFIG_INVALID' });
  });
});

describe('a host that was started without a package', () => {
  it('says so in each plan, and not that the file keeps it out', async () => {
    await using host = await SandboxHost.open({
      kinds: ['echo'],
      yaml: ENTRY,
      flags: { without: ['connector-counting'] },
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'counting', source: source() })),
    });
    const said = expect.stringContaining('started with --without connector-counting');
    await expect(host.service.planConfig()).resolves.toMatchObject({ connectors: [], problems: [], warnings: [said] });
    const { problems, warnings } = await host.service.planConfig({ yaml: entry(', more: 1') });
    expect(warnings).toEqual([said]);
    expect(problems).toMatchObject([
      {
        path: 'connectors[0].kind',
        message: expect.stringContaining('was started with "--without connector-counting"'),
      },
    ]);
    const { message } = await host.service.healthCheck('one');
    expect(message).toContain('was started with "--without connector-counting"');
    expect(message).not.toContain('plugins.deny');
  });
});
