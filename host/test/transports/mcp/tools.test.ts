import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { eventually, namesOfTools, openAgent, textOf, WAYS } from './fixtures/open-agent.ts';

const SHAPES = `
import { action, ConnectorAdapter, fromJsonSchema } from '@automate/sdk';
const given = (output, run) => action({ description: 'Gives.', input: fromJsonSchema({ type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] }), output: fromJsonSchema(output), sideEffects: false, idempotent: true, run });
export default class Shapes extends ConnectorAdapter {
  name = 'shapes';
  version = '1.0.0';
  actions = {
    total: given({ type: 'object', properties: { total: { type: 'integer' } }, required: ['total'] }, ({ n }) => ({ total: n + 1 })),
    list: given({ type: 'array', items: { type: 'integer' } }, ({ n }) => [n, n]),
    remove: action({ description: 'Removes.', input: fromJsonSchema({ type: 'object' }), sideEffects: true, idempotent: true, run: () => 'gone' }),
    count: action({ description: 'Counts.', input: fromJsonSchema({ type: 'object' }), sideEffects: true, idempotent: false, run: () => (this.counted = (this.counted ?? 0) + 1) }),
    steps: action({ description: 'Goes on.', input: fromJsonSchema({ type: 'object' }), sideEffects: false, idempotent: true, run: async (_given, call) => { for (const progress of [1, 2, 2, 3]) { call.progress({ progress, total: 3, message: 'step ' + progress }); await new Promise((next) => setTimeout(next, 30)); } return 'there'; } }),
    wait: action({ description: 'Waits.', input: fromJsonSchema({ type: 'object' }), sideEffects: false, idempotent: true, run: (_given, { signal, logger }) => new Promise((_done, fail) => { logger.info('waiting'); signal.addEventListener('abort', () => { logger.info('let go'); fail(signal.reason); }); }) }),
  };
  async connect() { return true; }
}
`;

describe.each(WAYS)('an agent whose client speaks %s', (way) => {
  let it_: SandboxHost;
  let remote: Awaited<ReturnType<typeof startRemote>>;
  beforeAll(async () => {
    remote = await startRemote();
    it_ = await SandboxHost.open({
      kinds: ['echo'],
      yaml: `connectors:\n  - id: shapes\n    description: Many shapes.\n  - { id: off, kind: echo, enabled: false }\n  - { id: far, kind: echo, host: 127.0.0.1, port: ${remote.port}, retry: { attempts: 1 } }\n`,
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'shapes', source: SHAPES })),
    });
  });
  afterAll(async () => {
    await it_[Symbol.asyncDispose]();
    await remote.close();
  });
  const open = () => openAgent(it_.host.httpAddress, { way });

  it('finds every action of every enabled connector, with its schemas and what it does', async () => {
    await using agent = await open();
    const { tools } = await agent.client.listTools();
    const names = tools.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['connectors_list', 'outcomes_get', 'shapes__total', 'far__say']));
    expect(names.filter((name) => name.startsWith('off'))).toEqual([]);
    const find = (name: string) => tools.find((tool) => tool.name === name);
    expect(find('shapes__total')).toMatchObject({
      description: 'Gives.\n\nConnector "shapes": Many shapes.',
      inputSchema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
      outputSchema: { type: 'object', properties: { total: { type: 'integer' } }, required: ['total'] },
      annotations: { readOnlyHint: true, idempotentHint: true },
      _meta: {
        'automate.connectors/revision': expect.stringMatching(/^[0-9a-f]{16}$/),
        'automate.connectors/connector': 'shapes',
        'automate.connectors/action': 'total',
      },
    });
    expect(find('shapes__remove')?.annotations).toEqual({ readOnlyHint: false, idempotentHint: true });
    expect(find('shapes__count')?.annotations).toEqual({ readOnlyHint: false, idempotentHint: false });
  });

  it('gets results as values that its library checks against their schemas, and as text', async () => {
    await using agent = await open();
    await agent.client.listTools();
    const total = await agent.client.callTool({ name: 'shapes__total', arguments: { n: 1 } });
    expect(total).toMatchObject({ structuredContent: { total: 2 }, content: [{ type: 'text', text: '{"total":2}' }] });
    expect(total._meta).toMatchObject({ 'automate.connectors/attempts': 1, 'automate.connectors/replayed': false });
    const list = await agent.client.callTool({ name: 'shapes__list', arguments: { n: 3 } });
    // The older revision has no values but objects.
    expect(list.structuredContent).toEqual(way === 'legacy' ? { result: [3, 3] } : [3, 3]);
    expect(textOf(list)).toBe('[3,3]');
  });

  it('is told what is wrong with its arguments, and that it has to act', async () => {
    await using agent = await open();
    const failed = await agent.client.callTool({ name: 'shapes__total', arguments: { n: 'one' } });
    expect(failed.isError).toBe(true);
    expect(textOf(failed)).toMatch(
      /^INVALID_INPUT: .*\bn\b.*\nTo blame: you, who called \(caller\)\. Effect: none\.\nWhat to do: Change the arguments/s,
    );
    expect(failed._meta?.['automate.connectors/error']).toMatchObject({
      code: 'INVALID_INPUT',
      blame: 'caller',
      effect: 'none',
      retryable: false,
      problems: [{ path: 'n' }],
      remedy: expect.stringContaining('Change the arguments'),
    });
  });

  it('lists, calls, hears that the remote system failed and what to do, and calls again with success', async () => {
    await using agent = await open();
    expect(await namesOfTools(agent)).toContain('far__ask');
    const call = () => agent.client.callTool({ name: 'far__ask', arguments: { path: '/' } });
    remote.status = 503;
    const failed = await call();
    expect(failed.isError).toBe(true);
    expect(textOf(failed)).toMatch(
      /^UPSTREAM_5XX: .*503.*\nTo blame: the remote system \(remote\)\. Effect: maybe\.\nWhat to do: Whether it took effect is not known\. Find out/s,
    );
    expect(failed._meta?.['automate.connectors/error']).toMatchObject({ code: 'UPSTREAM_5XX', connector: 'far' });
    remote.status = 200;
    expect(await call()).toMatchObject({ structuredContent: { ok: true } });
  });

  it('lets go of a call, which the connector hears', async () => {
    await using agent = await open();
    const left = new AbortController();
    const call = agent.client.callTool({ name: 'shapes__wait', arguments: {} }, { signal: left.signal });
    call.catch(() => undefined);
    const said = (line: string): number => it_.logText.split(`"${line}"`).length;
    const before = said('let go');
    await eventually(() => said('waiting') > before);
    left.abort(new Error('enough'));
    await expect(call).rejects.toThrow();
    await eventually(() => said('let go') > before);
  });

  it('is told how far a call is, each step once', async () => {
    await using agent = await open();
    const told: unknown[] = [];
    await agent.client.callTool({ name: 'shapes__steps', arguments: {} }, { onprogress: (now) => void told.push(now) });
    expect(told).toEqual([1, 2, 3].map((progress) => ({ progress, total: 3, message: `step ${progress}` })));
  });

  it('may repeat a call under a key: it is done once', async () => {
    await using agent = await open();
    const call = (key: string) =>
      agent.client.callTool({
        name: 'shapes__count',
        arguments: {},
        _meta: { 'automate.connectors/idempotency_key': `${way}-${key}` },
      });
    const first = await call('a');
    const again = await call('a');
    expect([again.structuredContent, again._meta?.['automate.connectors/replayed']]).toEqual([
      first.structuredContent,
      true,
    ]);
    expect((await call('b')).structuredContent).not.toEqual(first.structuredContent);
    const outcome = await agent.client.callTool({
      name: 'outcomes_get',
      arguments: { connector: 'shapes', key: `${way}-a` },
    });
    expect(outcome.structuredContent).toMatchObject({ status: 'succeeded', action: 'count' });
    const unknown = await agent.client.callTool({
      name: 'outcomes_get',
      arguments: { connector: 'shapes', key: 'no' },
    });
    expect(textOf(unknown)).toMatch(/^NOT_FOUND: /);
  });

  it('reads what there is: lists, health, descriptions, and docs as resources', async () => {
    await using agent = await open();
    const ask = async (name: string, given = {}) =>
      (await agent.client.callTool({ name, arguments: given })).structuredContent;
    expect(await ask('connectors_list')).toMatchObject({ count: 3 });
    expect(await ask('connectors_health')).toMatchObject({ results: { off: { status: 'unavailable' } } });
    expect(await ask('connectors_health', { connector: 'shapes' })).toMatchObject({
      results: { shapes: { healthy: true } },
    });
    expect(await ask('connectors_describe', { connector: 'shapes' })).toMatchObject({ kind: 'shapes' });
    const wrong = await agent.client.callTool({ name: 'connectors_describe', arguments: { id: 'shapes' } });
    expect(textOf(wrong)).toMatch(/^INVALID_INPUT: the tool connectors_describe does not take these arguments/);
    const { resources } = await agent.client.listResources();
    expect(resources.map(({ uri }) => uri)).toEqual(
      expect.arrayContaining(['automate://connectors', 'automate://health', 'automate://connectors/shapes/docs']),
    );
    const read = async (uri: string) =>
      ((await agent.client.readResource({ uri })).contents[0] as { readonly text: string }).text;
    expect(JSON.parse(await read('automate://connectors'))).toMatchObject({ count: 3 });
    expect(JSON.parse(await read('automate://health'))).toMatchObject({ results: { shapes: {} } });
    expect(await read('automate://connectors/shapes/docs')).toContain('## total\n\nGives.');
    await expect(read('automate://connectors/ghost/docs')).rejects.toThrow(/ghost/);
    await expect(read('automate://nothing')).rejects.toThrow(/automate:\/\/nothing/);
  });

  it('is told of a tool that is not there', async () => {
    await using agent = await open();
    await expect(agent.client.callTool({ name: 'shapes__gone', arguments: {} })).rejects.toThrow(
      /no tool "shapes__gone" that you may call; list the tools again/,
    );
  });
});

async function startRemote() {
  const server = createServer((_request, response) => {
    response.writeHead(remote.status, { 'content-type': 'application/json' }).end('{"ok":true}');
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const remote = {
    port: (server.address() as AddressInfo).port,
    status: 200,
    close: () => new Promise((closed) => server.close(closed)),
  };
  return remote;
}
