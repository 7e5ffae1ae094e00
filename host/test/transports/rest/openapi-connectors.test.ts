import { connect } from '@automate/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';

const RECURSIVE = `
import { action, ConnectorAdapter } from '@automate/sdk';
const paired = (jsonSchema) => ({ schema: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } }, jsonSchema });
export default class Trees extends ConnectorAdapter {
  name = 'trees';
  version = '1.0.0';
  actions = {
    plant: action({
      description: 'Plants a tree.',
      input: paired({
        type: 'object', required: ['tree'], properties: { tree: { $ref: '#/$defs/tree' } },
        $defs: { tree: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } } } },
      }),
      output: paired({ type: 'object', required: ['height'], properties: { height: { type: 'integer' } } }),
      sideEffects: true, idempotent: false, run: () => ({ height: 1 }),
    }),
  };
  async connect() { return true; }
}
`;

interface Document {
  readonly paths: Record<
    string,
    Record<
      string,
      { readonly operationId: string; readonly requestBody?: unknown; readonly responses: Record<string, unknown> }
    >
  >;
  readonly components: { readonly schemas: Record<string, unknown> };
}

describe('the OpenAPI document', () => {
  let host: SandboxHost;
  beforeAll(async () => {
    host = await SandboxHost.open({
      kinds: ['echo', 'open_kind'],
      yaml: 'connectors:\n  - id: echo\n  - { id: anything, kind: open_kind }\n  - { id: trees }\n  - { id: ghost, kind: not_installed }\n',
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'trees', source: RECURSIVE })),
    });
  });
  afterAll(() => host[Symbol.asyncDispose]());

  const get = async (query: string, headers: Record<string, string> = {}) =>
    fetch(`${host.host.httpAddress}/openapi.json${query}`, { headers });

  it.each(['', '?connectors=true'])('with %j is one that a linter finds nothing in', async (query) => {
    const config = await createConfig({ extends: ['recommended'] });
    const problems = await lintFromString({
      source: await (await get(query)).text(),
      absoluteRef: 'openapi.json',
      config,
    });
    const told = problems.map(({ ruleId, message, location }) => `${ruleId}: ${message} at ${location[0]?.pointer}`);
    expect(told).toStrictEqual([]);
  });

  it('has a typed operation for each action with ?connectors=true, and none without', async () => {
    const plain = (await (await get('')).json()) as Document;
    const whole = (await (await get('?connectors=true')).json()) as Document;
    const added = Object.keys(whole.paths).filter((path) => !Object.hasOwn(plain.paths, path));
    expect(added).toContain('/api/v1/connectors/trees/actions/plant');
    expect(added).toContain('/api/v1/connectors/echo/actions/say');
    expect(added.filter((path) => /anything|ghost/.test(path))).toStrictEqual([]);
    expect(whole.paths['/api/v1/connectors/trees/actions/plant']?.['post']).toMatchObject({
      operationId: 'trees.plant',
      summary: 'Plants a tree.',
      requestBody: {
        required: true,
        content: { 'application/json': { schema: { $ref: '#/components/schemas/trees.plant.input' } } },
      },
    });
    expect(whole.components.schemas['trees.plant.input']).toMatchObject({
      properties: { tree: { $ref: '#/components/schemas/trees.plant.input/$defs/tree' } },
    });
  });

  it('says which words of the query it takes', async () => {
    const answer = await get('?connectors=yes');
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: 'INVALID_INPUT', problems: [{ path: 'query connectors' }] });
  });

  it('is shown to those alone who may read', async () => {
    const tokenFor = async (scope: 'read' | 'execute:echo') =>
      (await host.service.createToken({ name: scope.slice(0, 4), scopes: [scope] })).token;
    const [reader, caller] = [await tokenFor('read'), await tokenFor('execute:echo')];
    const status = async (token?: string) =>
      (await get('?connectors=true', token === undefined ? {} : { authorization: `Bearer ${token}` })).status;
    expect([await status(), await status(caller), await status(reader)]).toStrictEqual([401, 403, 200]);
    await using service = await connect({ address: host.host.grpcAddress ?? '', token: caller });
    expect((await service.list()).map(({ id }) => id)).toStrictEqual(['echo']);
  });
});
