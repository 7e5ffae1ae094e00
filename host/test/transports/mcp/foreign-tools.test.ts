import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { namesOfTools, openAgent, WAYS } from './fixtures/open-agent.ts';

/** What a connector says that passes on what another server offers: schemas and results are as they came. */
const SOURCE = `
import { action, ConnectorAdapter } from '@automate/sdk';
const raw = (jsonSchema) => ({ schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema });
const tool = (input, { output, run = () => ({ done: true }) } = {}) =>
  action({ description: 'Does.', input: raw(input), ...(output === undefined ? {} : { output: raw(output) }), sideEffects: false, idempotent: true, run });
const rows = (length) => Array.from({ length }, (_, id) => ({ id, name: 'row "' + id + '"\\n' }));
const any = { type: 'object' };
export default class Foreign extends ConnectorAdapter {
  name = 'foreign';
  version = '1.0.0';
  actions = {
    properties_list: tool({ type: 'object', properties: [] }),
    properties_text: tool({ type: 'object', properties: 'x' }),
    properties_numbers: tool({ type: 'object', properties: { a: 7 } }),
    required_text: tool({ type: 'object', required: 'a' }),
    schema_number: tool({ $schema: 5, type: 'object' }),
    output_properties: tool(any, { output: { type: 'object', properties: 'x' } }),
    object: tool(any, { output: any, run: () => ({ rows: rows(10_000) }) }),
    list: tool(any, { output: { type: 'array' }, run: () => rows(10_000) }),
    text: tool(any, { run: () => rows(10_000) }),
    picture: tool(any, { run: () => ({ content: [{ type: 'image', data: 'A'.repeat(400_000), mimeType: 'image/png' }] }) }),
  };
  async connect() {
    return true;
  }
}
`;
const ROWS = Array.from({ length: 10_000 }, (_, id) => ({ id, name: `row "${id}"\n` }));

let host: SandboxHost;
beforeAll(async () => {
  host = await SandboxHost.open({
    kinds: ['echo'],
    yaml: 'connectors:\n  - id: echo\n  - { id: f, kind: foreign }\n',
    prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'foreign', source: SOURCE })),
  });
});
afterAll(() => host[Symbol.asyncDispose]());

describe.each(WAYS)('for a client that is %s', (way) => {
  it('a schema that clients cannot read takes no tool from them', async () => {
    await using agent = await openAgent(host.host.httpAddress, { way });
    const names = await namesOfTools(agent);
    expect(names).toContain('echo__say');
    for (const name of names.filter((each) => /^f__(?:prop|req|schema|output)/.test(each)))
      expect(await agent.client.callTool({ name, arguments: {} })).toMatchObject({ structuredContent: { done: true } });
    expect(names.filter((name) => name.startsWith('f__'))).toHaveLength(10);
  });

  it('a large result comes whole, as a value where its tool has a schema for it, and as text', async () => {
    await using agent = await openAgent(host.host.httpAddress, { way });
    const call = async (action: string) => agent.client.callTool({ name: `f__${action}`, arguments: {} });
    const [object, list, text] = await Promise.all(['object', 'list', 'text'].map(call));
    expect(object).toMatchObject({ structuredContent: { rows: ROWS } });
    expect(list?.structuredContent).toEqual(way === 'legacy' ? { result: ROWS } : ROWS);
    expect(text).not.toHaveProperty('structuredContent');
    expect(object?.content).toEqual([{ type: 'text', text: JSON.stringify({ rows: ROWS }) }]);
    for (const each of [list, text]) expect(each?.content).toEqual([{ type: 'text', text: JSON.stringify(ROWS) }]);
  });

  it('a large picture is one', async () => {
    await using agent = await openAgent(host.host.httpAddress, { way });
    const { content } = await agent.client.callTool({ name: 'f__picture', arguments: {} });
    expect(content).toEqual([{ type: 'image', data: 'A'.repeat(400_000), mimeType: 'image/png' }]);
  });
});
