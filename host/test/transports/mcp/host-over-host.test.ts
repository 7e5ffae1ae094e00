import { expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { eventually, namesOfTools, openAgent, textOf } from './fixtures/open-agent.ts';

const KIND = new URL('../../../../plugins/mcp/dist/mcp-adapter.js', import.meta.url);

it('the connectors of one host are actions of another, by its kind for servers of the protocol, and tools of its agents', async () => {
  await using below = await SandboxHost.open({ kinds: ['echo'], yaml: 'connectors:\n  - id: echo\n' });
  await using above = await SandboxHost.open({
    kinds: [],
    register: [{ kind: 'mcp', type: 'agent', adapter: { entry: KIND }, permissions: { network: ['*'] } }],
    yaml: `connectors:\n  - { id: below, kind: mcp, settings: { url: "${below.host.httpAddress}/mcp" }, retry: { attempts: 1 } }\n`,
  });
  const said = await above.service.execute({ id: 'below', action: 'echo_say', payload: { text: 'x' } });
  expect(said.result).toMatchObject({ structured: { text: 'x' } });
  await using agent = await openAgent(above.host.httpAddress);
  expect(await namesOfTools(agent)).toContain('below__echo_say');
  const through = await agent.client.callTool({ name: 'below__echo_say', arguments: { text: 'y' } });
  expect(through.content).toEqual([{ type: 'text', text: expect.stringContaining('"text":"y"') }]);
  const wrong = await agent.client.callTool({ name: 'below__echo_say', arguments: {} });
  expect(textOf(wrong)).toMatch(/^(INVALID_INPUT|UPSTREAM_5XX): /);
  await below.service.register({ id: 'new', kind: 'echo' });
  await eventually(() => agent.lists.some((names) => names.includes('below__new_say')));
});
