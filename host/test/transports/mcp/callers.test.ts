import { describe, expect, it } from '@jest/globals';
import type { Scope } from '@automate/contract';
import { ServedHost } from '../../access/fixtures/served-host.ts';
import { eventually, namesOfTools, openAgent, textOf, WAYS } from './fixtures/open-agent.ts';

const toolsOf = (names: readonly string[]) => names.filter((name) => name.includes('__'));

describe.each(WAYS)('agents with tokens, whose clients speak %s', (way) => {
  it('see and call what they may call, and are told which scope they lack', async () => {
    await using served = await ServedHost.open();
    const address = served.host.httpAddress;
    const all = await served.token('execute');
    const [some, one, none] = [
      await tokenOf(served, 'some', 'execute:x'),
      await tokenOf(served, 'one', 'execute:y/b'),
      await tokenOf(served, 'none', 'read'),
    ];
    const seen = async (token: string) => {
      await using agent = await openAgent(address, { way, token });
      return toolsOf(await namesOfTools(agent));
    };
    const whole = await seen(all);
    expect(whole).toEqual(['x__execute', 'y__execute']);
    expect(await seen(some)).toEqual(['x__execute']);
    expect(await seen(one)).toEqual(['y__execute']);
    expect(await seen(none)).toEqual([]);
    await using agent = await openAgent(address, { way, token: one });
    const call = (name: string, action: string) => agent.client.callTool({ name, arguments: { action } });
    await expect(call('x__execute', 'b')).rejects.toThrow(/no tool "x__execute" that you may/);
    expect(textOf(await call('y__execute', 'a'))).toMatch(/^PERMISSION_DENIED: .*execute:y\/a/);
    expect(await call('y__execute', 'b')).toMatchObject({
      structuredContent: way === 'legacy' ? { result: 'done' } : 'done',
    });
    const list = await agent.client.callTool({ name: 'connectors_list', arguments: {} });
    expect(list.structuredContent).toMatchObject({ connectors: [{ id: 'y' }] });
    const described = await agent.client.callTool({ name: 'connectors_describe', arguments: { connector: 'x' } });
    expect(textOf(described)).toMatch(/^PERMISSION_DENIED: .*read.*\nTo blame: you/s);
  });

  it.each<readonly [scopes: readonly Scope[], own: readonly string[]]>([
    [['manage', 'secrets'], []],
    [['read'], ['connectors_list', 'connectors_describe', 'connectors_health']],
    [
      ['execute:x/a'],
      ['connectors_list', 'connectors_describe', 'connectors_health', 'outcomes_get', 'executions_get'],
    ],
  ])('with the scopes %j see no tool of the host itself that they may not use', async (scopes, own) => {
    await using served = await ServedHost.open();
    const { token } = await served.service.createToken({ name: 'one', scopes });
    await using agent = await openAgent(served.host.httpAddress, { way, token });
    expect((await namesOfTools(agent)).filter((name) => !name.includes('__'))).toEqual(own);
    const asked = agent.client.callTool({ name: 'outcomes_get', arguments: { connector: 'x', key: 'k' } });
    if (own.includes('outcomes_get')) expect(textOf(await asked)).toContain('NOT_FOUND');
    else await expect(asked).rejects.toThrow(/no tool "outcomes_get" that you may/);
  });

  it('are let in by a token alone, and recorded under its name as callers at this door', async () => {
    await using served = await ServedHost.open();
    const token = await served.token('execute');
    await expect(openAgent(served.host.httpAddress, { way })).rejects.toThrow();
    await using agent = await openAgent(served.host.httpAddress, { way, token });
    await agent.client.callTool({ name: 'x__execute', arguments: { action: 'a' } });
    await eventually(async () => {
      const { records } = await served.service.listAudit({ limit: 100 });
      return records.some((record) => record.door === 'mcp' && record.principal === 'ci' && record.action === 'a');
    });
    const { records } = await served.service.listAudit({ limit: 100 });
    expect(records).toContainEqual(expect.objectContaining({ door: 'mcp', code: 'UNAUTHENTICATED' }));
  });

  it('hear nothing any more once their token is revoked', async () => {
    await using served = await ServedHost.open();
    const created = await served.service.createToken({ name: 'brief', scopes: ['execute'] });
    await using agent = await openAgent(served.host.httpAddress, { way, token: created.token });
    await namesOfTools(agent);
    await served.service.register({ id: 'z', kind: 'plain' });
    await eventually(() => agent.lists.some((names) => names.includes('z__execute')));
    const ended = new Promise((resolve) => Object.assign(agent.client, { onerror: resolve }));
    await served.service.revokeToken(created.id);
    // Its stream ends, and it may not open another.
    await ended;
    await expect(agent.client.callTool({ name: 'x__execute', arguments: { action: 'a' } })).rejects.toThrow();
  });
});

it('a session is its caller’s alone', async () => {
  await using served = await ServedHost.open();
  const mine = await served.token('execute');
  const other = await tokenOf(served, 'other', 'admin');
  await using agent = await openAgent(served.host.httpAddress, { way: 'legacy', token: mine });
  const ask = (token: string) =>
    fetch(`${served.host.httpAddress}/mcp`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${token}`,
        accept: 'application/json, text/event-stream',
        'content-type': 'application/json',
        'mcp-session-id': agent.transport.sessionId ?? '',
      },
      body: '{"jsonrpc":"2.0","id":7,"method":"ping"}',
    }).then(async (answer) => [answer.status, await answer.text()]);
  expect(await ask(mine)).toEqual([200, expect.stringContaining('"id":7')]);
  expect(await ask(other)).toEqual([404, expect.stringContaining('no such session')]);
});

it('agents have no more than one caller may have', async () => {
  await using served = await ServedHost.open({ yaml: 'access:\n  limits: { requests_per_second: 3 }\n' });
  await using agent = await openAgent(served.host.httpAddress, { token: await served.token('execute') });
  const answers = await Promise.allSettled(
    Array.from({ length: 30 }, () => agent.client.callTool({ name: 'x__execute', arguments: { action: 'a' } })),
  );
  const limited = answers.flatMap((each) =>
    each.status === 'fulfilled' && each.value.isError === true ? [textOf(each.value)] : [],
  );
  expect(limited.length).toBeGreaterThan(0);
  expect(limited[0]).toMatch(/^RATE_LIMITED: .*call more slowly\nTo blame: you.*\nWhat to do: Call again in \d+ s/s);
  const listings = await Promise.allSettled(
    Array.from({ length: 30 }, () => agent.client.listTools(undefined, { cacheMode: 'refresh' })),
  );
  expect(listings.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
});

async function tokenOf(served: ServedHost, name: string, ...scopes: readonly Scope[]): Promise<string> {
  return (await served.service.createToken({ name, scopes })).token;
}
