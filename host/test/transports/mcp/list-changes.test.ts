import { expect, describe, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { eventually, namesOfTools, openAgent, textOf, WAYS } from './fixtures/open-agent.ts';

/** A kind whose action takes what its settings say. */
const SOURCE = `
import { action, ConnectorAdapter, fromJsonSchema } from '@automate/sdk';
export default class Changing extends ConnectorAdapter {
  name = 'changing';
  version = '1.0.0';
  async connect() { return true; }
  async discoverActions() {
    const { field, more } = this.context.settings;
    const run = action({ description: 'Runs.', input: fromJsonSchema({ type: 'object', properties: { [field]: { type: 'string' } } }), sideEffects: true, idempotent: false, run: () => 'ran' });
    return more ? { run, more: run } : { run };
  }
}
`;

const settings = (field: string, more = false) => ({ id: 'c', kind: 'changing', settings: { field, more } });

async function openHost(yaml = 'connectors: []\n'): Promise<SandboxHost> {
  return SandboxHost.open({
    kinds: ['echo'],
    yaml,
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'changing', source: SOURCE })),
  });
}

describe.each(WAYS)('an agent whose client speaks %s', (way) => {
  it('sees within a second that tools come, change and go', async () => {
    await using it_ = await openHost();
    await using agent = await openAgent(it_.host.httpAddress, { way });
    expect((await namesOfTools(agent)).filter((name) => name.includes('__'))).toEqual([]);
    const told: number[] = [];
    const sees = async (change: () => Promise<unknown>, expected: readonly string[]): Promise<void> => {
      const before = agent.lists.length;
      await change();
      const since = performance.now();
      const seen = () => agent.lists.slice(before).some((names) => expected.every((name) => names.includes(name)));
      await eventually(seen);
      told.push(performance.now() - since);
    };
    await sees(() => it_.service.register(settings('a')), ['c__run']);
    await sees(() => it_.service.update(settings('a', true)), ['c__run', 'c__more']);
    await sees(() => it_.service.register({ id: 'e', kind: 'echo' }), ['c__run', 'e__say']);
    const before = agent.lists.length;
    await it_.service.remove('c');
    await eventually(() => agent.lists.slice(before).some((names) => !names.includes('c__run')));
    // A quiet machine takes a twentieth of it.
    expect(Math.max(...told)).toBeLessThan(5_000);
    expect(await namesOfTools(agent)).toContain('e__say');
  });

  it('is refused by name where it calls by a schema that is another now, and may call once it has listed again', async () => {
    await using it_ = await openHost();
    await it_.service.register(settings('a'));
    await using agent = await openAgent(it_.host.httpAddress, { way });
    const { tools } = await agent.client.listTools();
    const revision = tools.find(({ name }) => name === 'c__run')?._meta?.['automate.connectors/revision'];
    const call = (meta?: Record<string, unknown>) =>
      agent.client.callTool({ name: 'c__run', arguments: {}, ...(meta === undefined ? {} : { _meta: meta }) });
    expect((await call()).structuredContent).toBeDefined();
    // One that does not list again when it is told to.
    await using deaf = await openAgent(it_.host.httpAddress, { way, name: 'deaf', listens: false });
    await deaf.client.listTools();
    await it_.service.update(settings('b'));
    await eventually(async () => (await call({ 'automate.connectors/revision': revision })).isError === true);
    const refused = await call({ 'automate.connectors/revision': revision });
    expect(textOf(refused)).toMatch(
      /^INVALID_INPUT: the tool c__run was listed with another schema than it has now; nothing was run/,
    );
    expect(refused._meta?.['automate.connectors/error']).toMatchObject({ details: { reason: 'schema_changed' } });
    const unaware = await deaf.client.callTool({ name: 'c__run', arguments: {} });
    expect(unaware._meta?.['automate.connectors/error']).toMatchObject({ details: { reason: 'schema_changed' } });
    await namesOfTools(deaf);
    expect((await deaf.client.callTool({ name: 'c__run', arguments: {} })).isError).toBeUndefined();
    const now = (await agent.client.listTools(undefined, { cacheMode: 'refresh' })).tools.find(
      ({ name }) => name === 'c__run',
    );
    expect(now?.inputSchema.properties).toEqual({ b: { type: 'string' } });
    expect(
      (await call({ 'automate.connectors/revision': now?._meta?.['automate.connectors/revision'] })).isError,
    ).toBeUndefined();
    expect((await call()).isError).toBeUndefined();
  });
});

it('an agent sees that another version of a plugin takes something else, and its older calls are refused', async () => {
  const source = (field: string) => `
import { action, ConnectorAdapter, fromJsonSchema } from '@automate/sdk';
export default class Versioned extends ConnectorAdapter {
  name = 'versioned';
  version = '1.0.0';
  actions = { run: action({ description: 'Runs.', input: fromJsonSchema({ type: 'object', properties: { ${field}: { type: 'string' } } }), sideEffects: true, idempotent: true, run: () => 'ran' }) };
  async connect() { return true; }
}
`;
  await using it_ = await SandboxHost.open({
    kinds: [],
    yaml: 'connectors:\n  - { id: v, kind: versioned }\n',
    prepare: async (sandbox) =>
      void (await sandbox.addConnector({ kind: 'versioned', source: source('old'), manifest: { version: '1.0.0' } })),
  });
  await using agent = await openAgent(it_.host.httpAddress, { way: 'legacy' });
  await using deaf = await openAgent(it_.host.httpAddress, { way: 'legacy', listens: false });
  await deaf.client.listTools();
  const before = (await agent.client.listTools()).tools.find(({ name }) => name === 'v__run');
  expect(before?.inputSchema.properties).toEqual({ old: { type: 'string' } });
  const told = agent.lists.length;
  await it_.sandbox.addConnector({ kind: 'versioned', source: source('fresh'), manifest: { version: '1.1.0' } });
  await it_.service.rescanPlugins();
  const fieldsNow = async () => {
    const { tools } = await agent.client.listTools(undefined, { cacheMode: 'refresh' });
    return Object.keys(tools.find(({ name }) => name === 'v__run')?.inputSchema.properties ?? {});
  };
  await eventually(async () => (await fieldsNow()).includes('fresh'));
  expect(agent.lists.length).toBeGreaterThan(told);
  const refused = await deaf.client.callTool({ name: 'v__run', arguments: { old: 'x' } });
  expect(textOf(refused)).toMatch(/^INVALID_INPUT: the tool v__run was listed with another schema/);
});

it('what the configuration does not expose is neither seen nor called, and changes with it', async () => {
  const yaml = (expose: string) =>
    `connectors:\n  - id: echo\n  - { id: other, kind: echo }\nmcp:\n  expose: ${expose}\n`;
  await using it_ = await openHost(yaml('{ allow: ["echo/*"], deny: ["*/die"], read_only: true }'));
  await using agent = await openAgent(it_.host.httpAddress);
  const seen = async () => (await namesOfTools(agent)).filter((name) => name.includes('__'));
  expect(await seen()).toEqual(expect.arrayContaining(['echo__say']));
  expect((await seen()).filter((name) => /^other|__die|__ask/.test(name))).toEqual([]);
  await expect(agent.client.callTool({ name: 'other__say', arguments: { text: 'x' } })).rejects.toThrow(/no tool/);
  await expect(agent.client.callTool({ name: 'echo__ask', arguments: {} })).rejects.toThrow(/no tool/);
  const list = await agent.client.callTool({ name: 'connectors_list', arguments: {} });
  expect(list.structuredContent).toMatchObject({ connectors: [{ id: 'echo' }], count: 1 });
  const described = await agent.client.callTool({ name: 'connectors_describe', arguments: { connector: 'echo' } });
  const { actions } = described.structuredContent as { readonly actions: readonly { readonly name: string }[] };
  expect(actions.map(({ name }) => `echo__${name}`).toSorted()).toEqual(await seen());
  const hidden = await agent.client.callTool({ name: 'connectors_health', arguments: { connector: 'other' } });
  expect(textOf(hidden)).toMatch(/^NOT_FOUND: there is no connector "other" that agents may see/);
  await it_.writeConfig(yaml('{ allow: ["other/say"] }'));
  await eventually(async () => (await seen()).includes('other__say'));
  expect(await seen()).toEqual(['other__say']);
});

it('a wrong pattern of what is exposed is a problem with its place', async () => {
  const opening = openHost('mcp:\n  expose: { allow: ["a/b/c"], read_only: maybe }\n  exposed: 1\n');
  await expect(opening).rejects.toThrow(/mcp\.expose\.allow\[0\].*such as "prometheus\/query"/s);
  await expect(opening).rejects.toThrow(/mcp\.expose\.read_only/);
});
