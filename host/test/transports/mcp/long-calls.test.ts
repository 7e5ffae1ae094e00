import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonObject } from '@automate/contract';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { eventually, openAgent, textOf, WAYS } from './fixtures/open-agent.ts';

const SLOW = `
import { action, ConnectorAdapter, fromJsonSchema, UpstreamError } from '@automate/sdk';
const input = fromJsonSchema({ type: 'object' });
const output = fromJsonSchema({ type: 'object', properties: { built: { type: 'integer' } }, required: ['built'] });
const long = { input, sideEffects: true, idempotent: false, timeoutMs: 120_000 };
export default class Slow extends ConnectorAdapter {
  name = 'slow';
  version = '1.0.0';
  actions = {
    build: action({ description: 'Builds.', ...long, output, run: async ({ ms = 0, fail }, call) => {
      call.progress({ progress: 1, total: 2, message: 'begun' });
      await new Promise((done, gone) => { setTimeout(done, ms); call.signal.addEventListener('abort', () => gone(call.signal.reason)); });
      if (fail) throw new UpstreamError('it broke');
      return { built: ms };
    } }),
    brief: action({ description: 'Is quick.', ...long, timeoutMs: 60_000, output, run: () => ({ built: 1 }) }),
  };
  async connect() { return true; }
}
`;

describe.each(WAYS)('an agent whose client speaks %s', (way) => {
  let it_: SandboxHost;
  beforeAll(async () => {
    it_ = await SandboxHost.open({
      kinds: [],
      yaml: 'connectors:\n  - { id: slow, retry: { attempts: 1 } }\n',
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'slow', source: SLOW })),
    });
  });
  afterAll(() => it_[Symbol.asyncDispose]());
  const open = () => openAgent(it_.host.httpAddress, { way });
  const ask = async (agent: Awaited<ReturnType<typeof open>>, execution: unknown) =>
    (await agent.client.callTool({ name: 'executions_get', arguments: { execution: String(execution) } }))
      .structuredContent as JsonObject;

  it('is told of a tool that may take long, and of no other', async () => {
    await using agent = await open();
    const { tools } = await agent.client.listTools();
    const find = (name: string) => tools.find((tool) => tool.name === name);
    expect(find('slow__build')?.description).toMatch(/^Builds\.\n\nIt may take long: .*executions_get.*\n\nConnector/);
    expect(find('slow__build')).not.toHaveProperty('outputSchema');
    expect(find('slow__brief')?.outputSchema).toBeDefined();
  });

  it('is answered as by any tool where the end comes within the wait, and told of progress', async () => {
    await using agent = await open();
    await agent.client.listTools();
    const heard: unknown[] = [];
    const called = { name: 'slow__build', arguments: { ms: 300 } };
    const answer = await agent.client.callTool(called, { onprogress: ({ message }) => void heard.push(message) });
    expect(answer).toMatchObject({ structuredContent: { built: 300 }, _meta: { 'automate.connectors/attempts': 1 } });
    expect(heard).toEqual(['begun']);
    const id = answer._meta?.['automate.connectors/execution_id'];
    expect(await ask(agent, id)).toMatchObject({ id, status: 'succeeded', result: { built: 300 } });
  });

  it('is answered with an execution when the wait is over, which goes on without its client', async () => {
    let id: unknown;
    {
      await using agent = await open();
      const _meta = { 'automate.connectors/wait': 0.05 };
      const answer = await agent.client.callTool({ name: 'slow__build', arguments: { ms: 700 }, _meta });
      ({ execution_id: id } = answer.structuredContent as JsonObject);
      expect(answer.isError).not.toBe(true);
      expect(answer.structuredContent).toMatchObject({ status: 'running' });
      expect(textOf(answer)).toBe(
        `It has not ended yet: it is running, as execution ${String(id)}, and goes on by itself. Ask the tool executions_get with {"execution":"${String(id)}"} for what came of it.`,
      );
    }
    await using another = await open();
    await eventually(async () => (await ask(another, id))['status'] === 'succeeded');
    expect(await ask(another, id)).toMatchObject({ connector: 'slow', action: 'build', result: { built: 700 } });
  });

  it('is told of the error of a call that failed, as by any tool', async () => {
    await using agent = await open();
    const failed = await agent.client.callTool({ name: 'slow__build', arguments: { fail: true } });
    expect(failed.isError).toBe(true);
    expect(textOf(failed)).toMatch(/^UPSTREAM_5XX: it broke/);
  });

  it('cancels the execution with the call that waits for it', async () => {
    await using agent = await open();
    const caller = new AbortController();
    const called = agent.client.callTool({ name: 'slow__build', arguments: { ms: 60_000 } }, { signal: caller.signal });
    const running = async () => (await it_.service.listExecutions({ status: ['running'] })).executions;
    await eventually(async () => (await running()).length === 1);
    caller.abort();
    await expect(called).rejects.toThrow();
    await eventually(async () => (await running()).length === 0);
    expect((await it_.service.listExecutions({ limit: 1 })).executions[0]?.status).toMatch(/cancelled|unknown/);
  });

  it.each([-1, 'soon', 1e9])('is told that %s is no wait', async (wait) => {
    await using agent = await open();
    const answer = await agent.client.callTool({
      name: 'slow__build',
      arguments: {},
      _meta: { 'automate.connectors/wait': wait },
    });
    expect(textOf(answer)).toMatch(/^INVALID_INPUT: .*_meta.automate.connectors\/wait: expected a number of seconds/);
  });

  it('finds no execution that there is not', async () => {
    await using agent = await open();
    const answer = await agent.client.callTool({ name: 'executions_get', arguments: { execution: 'nope' } });
    expect([answer.isError, textOf(answer).slice(0, 10)]).toEqual([true, 'NOT_FOUND:']);
  });
});

it('hides executions of connectors that are kept from agents', async () => {
  await using host = await SandboxHost.open({
    kinds: ['echo'],
    yaml: 'connectors:\n  - { id: echo }\n  - { id: hidden, kind: echo }\nmcp: { expose: { deny: [hidden] } }\n',
  });
  await using agent = await openAgent(host.host.httpAddress);
  const { id } = await host.service.startExecution({ id: 'hidden', action: 'say', payload: { text: 'a' } });
  const answer = await agent.client.callTool({ name: 'executions_get', arguments: { execution: id } });
  expect([answer.isError, textOf(answer)]).toEqual([true, expect.stringMatching(/^NOT_FOUND: /)]);
  expect(textOf(answer)).not.toContain('say');
});
