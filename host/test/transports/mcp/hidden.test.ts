import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import type { Agent } from './fixtures/open-agent.ts';
import { namesOfTools, openAgent, textOf } from './fixtures/open-agent.ts';

const YAML = `connectors:
  - id: echo
  - { id: secret, kind: echo }
  - { id: open, kind: open_kind }
mcp:
  expose: { allow: ["echo/say", "echo/count", "open"], deny: ["open/forbidden", "echo/count"] }
`;

describe('of what the configuration does not expose an agent', () => {
  let host: SandboxHost;
  let agent: Agent;
  beforeAll(async () => {
    host = await SandboxHost.open({ kinds: ['echo', 'open_kind'], yaml: YAML.replace(/mcp:[^]*/, '') });
    // Before the first agent comes.
    await host.service.applyConfig({ yaml: YAML });
    const call = { id: 'secret', action: 'say', payload: { text: 'x' }, idempotencyKey: 'known-key' };
    await host.service.execute(call);
    agent = await openAgent(host.host.httpAddress);
  });
  afterAll(async () => {
    await agent?.[Symbol.asyncDispose]();
    await host?.[Symbol.asyncDispose]();
  });

  const ask = (name: string, given: Record<string, unknown> = {}) => agent.client.callTool({ name, arguments: given });
  const read = async (uri: string): Promise<string> =>
    ((await agent.client.readResource({ uri })).contents[0] as { readonly text: string }).text;

  it('finds no tool', async () => {
    expect((await namesOfTools(agent)).filter((name) => name.includes('__'))).toEqual(['echo__say', 'open__execute']);
  });

  it('is told by no tool of the host', async () => {
    for (const name of ['connectors_describe', 'connectors_health'])
      expect(textOf(await ask(name, { connector: 'secret' }))).toMatch(/^NOT_FOUND: .*agents may see/);
    expect(textOf(await ask('outcomes_get', { connector: 'secret', key: 'known-key' }))).toMatch(
      /^NOT_FOUND: .*agents may see/,
    );
    for (const name of ['connectors_list', 'connectors_health'])
      expect(JSON.stringify((await ask(name)).structuredContent)).not.toContain('secret');
    const described = await ask('connectors_describe', { connector: 'echo' });
    const { actions } = described.structuredContent as { readonly actions: readonly { readonly name: string }[] };
    expect(actions.map(({ name }) => name)).toEqual(['say']);
  });

  it('reads no resource', async () => {
    const { resources } = await agent.client.listResources();
    expect(resources.map(({ uri }) => uri).toSorted()).toEqual(
      ['connectors', 'connectors/echo/docs', 'connectors/open/docs', 'health'].map((path) => `automate://${path}`),
    );
    for (const uri of ['automate://connectors', 'automate://health']) expect(await read(uri)).not.toContain('secret');
    await expect(read('automate://connectors/secret/docs')).rejects.toThrow(/agents may see/);
    const docs = await read('automate://connectors/echo/docs');
    expect([docs.includes('## say'), docs.includes('## count')]).toEqual([true, false]);
  });

  it('calls no action of a connector that takes any', async () => {
    const refused = await ask('open__execute', { action: 'forbidden' });
    expect(textOf(refused)).toMatch(/^INVALID_INPUT: agents may not call "forbidden" of this connector/);
    expect(textOf(refused)).toMatch(/Nothing was run/);
    expect((await ask('open__execute', { action: 'send_message', payload: {} })).isError).toBeUndefined();
  });
});
