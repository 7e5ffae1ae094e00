import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress, Tool } from '@modelcontextprotocol/client';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { eventually, textOf, WAYS } from './fixtures/open-agent.ts';

const AUTOMATE = join(import.meta.dirname, '..', '..', '..', 'bin', 'automate.js');

/** The official client over `automate mcp`. */
async function openProgram(
  root: string,
  { way, args = [] }: { readonly way: (typeof WAYS)[number]; readonly args?: readonly string[] },
) {
  const lists: (readonly string[])[] = [];
  const client = new Client(
    { name: 'program', version: '1.0.0' },
    {
      versionNegotiation: { mode: way },
      listChanged: {
        tools: {
          debounceMs: 0,
          onChanged: (_error, tools) => void lists.push((tools ?? []).map(({ name }: Tool) => name)),
        },
      },
    },
  );
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [AUTOMATE, 'mcp', '--project', root, ...args],
    stderr: 'pipe',
    env: { PATH: process.env['PATH'] ?? '' },
  });
  let said = '';
  transport.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  await client.connect(transport);
  const names = async () => (await client.listTools(undefined, { cacheMode: 'refresh' })).tools.map(({ name }) => name);
  return { client, lists, names, pid: transport.pid, said: () => said, [Symbol.asyncDispose]: () => client.close() };
}

const YAML = 'connectors:\n  - id: echo\n  - { id: other, kind: echo }\nmcp:\n  expose: { deny: ["*/die"] }\n';

describe.each(WAYS)('an agent that starts automate mcp, and whose client speaks %s', (way) => {
  it('has the tools of the host that runs for the project, and hears of changes', async () => {
    await using it_ = await SandboxHost.open({ kinds: ['echo'], yaml: YAML });
    await using agent = await openProgram(it_.sandbox.root, { way });
    const names = await agent.names();
    expect(names).toEqual(expect.arrayContaining(['connectors_list', 'echo__say', 'other__say']));
    expect(names).not.toContain('echo__die');
    const said = await agent.client.callTool({ name: 'echo__say', arguments: { text: 'x' } });
    expect(said.structuredContent).toMatchObject({ text: 'x' });
    await it_.service.register({ id: 'new', kind: 'echo' });
    await eventually(() => agent.lists.some((list) => list.includes('new__say')));
    await it_.writeConfig(YAML.replace('"*/die"', '"other"'));
    await eventually(async () => !(await agent.names()).includes('other__say'));
    expect(await agent.names()).toContain('echo__die');
    await it_.host.close();
    const failed = await agent.client.callTool({ name: 'echo__say', arguments: { text: 'x' } });
    expect(textOf(failed)).toMatch(/^UNAVAILABLE: /);
  });

  it('is told how far a call is, by the host that runs and where none does', async () => {
    await using it_ = await SandboxHost.open({
      kinds: [],
      yaml: 'connectors:\n  - id: fixture_tools\n',
      prepare: async (sandbox) => {
        const source = await readFile(join(import.meta.dirname, 'fixtures/fixture-tools.js'), 'utf8');
        await sandbox.addConnector({ kind: 'fixture_tools', source });
      },
    });
    for (const ends of [false, true]) {
      if (ends) await it_.host.close();
      await using agent = await openProgram(it_.sandbox.root, { way });
      const told: Progress[] = [];
      const name = (await agent.names()).find((each) => each.includes('test_tool_with_progress')) ?? '';
      const done = await agent.client.callTool({ name, arguments: {} }, { onprogress: (now) => void told.push(now) });
      expect(done.content).toEqual([{ type: 'text', text: 'done' }]);
      // Who is slow is told the newest alone.
      expect(told.at(-1)).toMatchObject({ progress: expect.any(Number), total: 100 });
    }
  });

  it('runs the connectors itself where no host does, and shows no more than it is told to', async () => {
    await using it_ = await SandboxHost.open({ kinds: ['echo'], yaml: YAML });
    await it_.host.close();
    await using agent = await openProgram(it_.sandbox.root, {
      way,
      args: ['--read-only', '--expose', 'echo/say', 'echo/ask', 'other/die'],
    });
    expect((await agent.names()).filter((name) => name.includes('__'))).toEqual(['echo__say']);
    const said = await agent.client.callTool({ name: 'echo__say', arguments: { text: 'y' } });
    expect(said.structuredContent).toMatchObject({ text: 'y' });
    const { pid } = agent;
    await agent.client.close();
    await eventually(() => !isAlive(pid ?? 0));
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
