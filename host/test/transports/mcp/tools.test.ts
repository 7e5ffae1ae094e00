import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';

it('scratch', async () => {
  await using it_ = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors:\n  - id: echo\n' });
  for (const mode of ['auto', 'legacy'] as const) {
    const client = new Client({ name: 'test', version: '1' }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${it_.host.httpAddress}/mcp`)));
    const { tools } = await client.listTools();
    console.log(client.getNegotiatedProtocolVersion(), tools.map(({ name }) => name), JSON.stringify(tools.find((t) => t.name === 'echo__say')));
    console.log(JSON.stringify(await client.callTool({ name: 'echo__say', arguments: { text: 'x' } })));
    console.log(JSON.stringify(await client.callTool({ name: 'echo__say', arguments: { text: 5 } }), undefined, 1));
    console.log(JSON.stringify(await client.callTool({ name: 'connectors_list', arguments: {} })));
    console.log(JSON.stringify(await client.listResources()));
    await client.close();
  }
  console.log(it_.logText.split('\n').filter((l) => /agent/.test(l)).join('\n'));
  expect(1).toBe(1);
});
