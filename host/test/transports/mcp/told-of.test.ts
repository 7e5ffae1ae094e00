import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { ServedHost } from '../../access/fixtures/served-host.ts';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { eventually, namesOfTools, openAgent, textOf } from './fixtures/open-agent.ts';

/** A kind with as many actions as its settings say, which take a field of that name. */
const SOURCE = `
import { action, ConnectorAdapter, fromJsonSchema } from '@automate/sdk';
export default class Many extends ConnectorAdapter {
  name = 'many';
  version = '1.0.0';
  async connect() { return true; }
  async discoverActions() {
    const { count, field = 'a' } = this.context.settings;
    const run = action({ description: 'Runs.', input: fromJsonSchema({ type: 'object', properties: { [field]: { type: 'string' } } }), sideEffects: false, idempotent: true, run: () => 'ran' });
    return Object.fromEntries(Array.from({ length: count }, (_none, index) => ['a' + index, run]));
  }
}
`;
const openMany = (): Promise<SandboxHost> =>
  SandboxHost.open({
    kinds: [],
    yaml: 'connectors: []\n',
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'many', source: SOURCE })),
  });
const many = (count: number, field = 'a') => ({ id: 'c', kind: 'many', settings: { count, field } });

it('an agent is told of more tools than a page has, of each once', async () => {
  await using host = await openMany();
  await host.service.register(many(1_100));
  await using agent = await openAgent(host.host.httpAddress);
  const names = (await namesOfTools(agent)).filter((name) => name.startsWith('c__'));
  expect([names.length, new Set(names).size]).toEqual([1_100, 1_100]);
});

it('who has seen the first page of a list before it changed has not seen the change by reading on', async () => {
  await using host = await openMany();
  await host.service.register(many(1_100));
  await using watching = await openAgent(host.host.httpAddress);
  await namesOfTools(watching);
  const session: Record<string, string> = {};
  const send = async (method: string, params: object): Promise<string> => {
    const answer = await fetch(`${host.host.httpAddress}/mcp`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...session },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
    });
    session['mcp-session-id'] ??= answer.headers.get('mcp-session-id') ?? '';
    return answer.text();
  };
  await send('initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'x', version: '1' },
  });
  const cursor = /"nextCursor":"([^"]+)"/.exec(await send('tools/list', {}))?.[1];
  expect(cursor).toMatch(/^c__a/);
  const call = (): Promise<string> => send('tools/call', { name: 'c__a0', arguments: {} });
  expect(await call()).not.toContain('"isError":true');
  await host.service.update(many(1_100, 'b'));
  await eventually(async () => (await send('tools/list', { cursor })).includes('"b":'));
  expect(await call()).toContain('schema_changed');
  await send('tools/list', {});
  expect(await call()).not.toContain('schema_changed');
});

it('a tool that was gone meanwhile and takes something else is not called by its former schema', async () => {
  await using host = await openMany();
  await host.service.register(many(1));
  await using watching = await openAgent(host.host.httpAddress);
  await using deaf = await openAgent(host.host.httpAddress, { way: 'legacy', name: 'deaf', listens: false });
  expect(await namesOfTools(deaf)).toContain('c__a0');
  await namesOfTools(watching);
  await host.service.remove('c');
  await eventually(async () => !(await namesOfTools(watching)).includes('c__a0'));
  await host.service.register(many(1, 'b'));
  await eventually(async () => (await namesOfTools(watching)).includes('c__a0'));
  const refused = await deaf.client.callTool({ name: 'c__a0', arguments: { a: 'x' } });
  expect(textOf(refused)).toMatch(/listed with another schema than it has now; nothing was run/);
});

it('a call belongs to the trace that its agent is in', async () => {
  await using host = await openMany();
  await host.service.register(many(1));
  await using agent = await openAgent(host.host.httpAddress);
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
  await agent.client.callTool({
    name: 'c__a0',
    arguments: {},
    _meta: { traceparent: `00-${traceId}-00f067aa0ba902b7-01` },
  });
  await expect(host.service.listCalls('c')).resolves.toMatchObject([{ action: 'a0', door: 'mcp', traceId }]);
});

it('an agent hears of no change of tools that it may not call', async () => {
  await using served = await ServedHost.open();
  const tokenOf = async (name: string, scope: 'execute' | 'execute:x') =>
    (await served.service.createToken({ name, scopes: [scope] })).token;
  const open = (token: string) => openAgent(served.host.httpAddress, { way: 'legacy', token });
  await using all = await open(await tokenOf('all', 'execute'));
  await using some = await open(await tokenOf('some', 'execute:x'));
  for (const agent of [all, some]) await namesOfTools(agent);
  await served.service.register({ id: 'z', kind: 'plain' });
  await eventually(() => all.lists.some((names) => names.includes('z__execute')));
  await served.service.disable('x');
  await eventually(() => some.lists.some((names) => !names.includes('x__execute')));
  await delay(50);
  expect(some.lists).toHaveLength(1);
});

it('messages that are refused count as well', async () => {
  await using served = await ServedHost.open({ yaml: 'access:\n  limits: { requests_per_second: 3 }\n' });
  const authorization = `Bearer ${await served.token('execute')}`;
  const answers = await Promise.all(
    Array.from({ length: 30 }, () =>
      fetch(`${served.host.httpAddress}/mcp`, {
        method: 'POST',
        headers: { authorization, 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
        body: '{',
      }),
    ),
  );
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 429]));
});
