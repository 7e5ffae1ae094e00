import { describe, expect, it } from '@jest/globals';
import { FaultyProject } from './fixtures/faulty-project.ts';

/** More than it takes by far; a host that is lost in a schema answers nobody for minutes. */
const PATIENCE_MS = 20_000;
const NAME = 'connection_name_of_the_primary_database_server';

const describedBy = (schema: string): string => `
import { ConnectorAdapter } from '@automate/sdk';
const any = { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } };
export default class Described extends ConnectorAdapter {
  name = 'hostile';
  version = '1.0.0';
  configSchema = { schema: any, jsonSchema: ${schema} };
  async connect() { return true; }
  async execute() { return 'fine'; }
}
`;

/** Calls the connector, and looks at it and at all of them. */
async function use(schema: string): Promise<{
  readonly call: number;
  readonly code?: string;
  readonly tookMs: number;
  readonly others: readonly number[];
}> {
  await using faulty = await FaultyProject.open({
    level: 'process',
    more: `settings: { ${NAME}: eu, region: eu }`,
    source: describedBy(schema),
  });
  const began = performance.now();
  const answers = await Promise.all(
    [
      faulty.call('anything'),
      faulty.call('say', { text: 'x' }, 'echo'),
      faulty.ask('/api/v1/connectors/bad'),
      faulty.ask('/api/v1/connectors'),
      faulty.ask('/health/ready'),
    ].map((answer) => answer.catch(() => ({ status: 0, text: '{}' }))),
  );
  const [call, ...others] = answers;
  const { code } = JSON.parse(call?.text ?? '{}') as { readonly code?: string };
  return {
    call: call?.status ?? 0,
    ...(code === undefined ? {} : { code }),
    tookMs: performance.now() - began,
    others: others.map(({ status }) => status),
  };
}

describe('a schema of settings', () => {
  it.each([
    ['has a pattern that may be tried in no end of ways', `{ patternProperties: { '^(([a-z_])+)+[A-Z]$': {} } }`],
    [
      'has such a pattern without groups',
      `{ patternProperties: { '[a-z_]*[a-z_]*[a-z_]*[a-z_]*[a-z_]*[a-z_]*!': {} } }`,
    ],
    ['refers to nothing that can be named', `{ properties: { region: { $ref: '#/%' } } }`],
    ['goes in circles', `{ $ref: '#', properties: { region: { $ref: '#/properties/region' } } }`],
    [
      'has thousands of branches, each of which looks for a definition',
      `{
        $defs: Object.fromEntries(Array.from({ length: 3000 }, (_, index) => ['d' + index, {}])),
        properties: { region: { anyOf: Array.from({ length: 3000 }, (_, index) => ({ $ref: '#x' + index })) } },
      }`,
    ],
  ])('holds nobody up where it %s', async (_what, schema) => {
    const used = await use(schema);
    expect(used).toMatchObject({ call: 200, others: [200, 200, 200, 200] });
    expect(used.tookMs).toBeLessThan(PATIENCE_MS);
  });

  it('is refused where it is longer than anybody writes', async () => {
    const long = `{
      $defs: Object.fromEntries(Array.from({ length: 60000 }, (_, index) => ['d' + index, {}])),
      properties: { region: { anyOf: Array.from({ length: 60000 }, (_, index) => ({ $ref: '#x' + index })) } },
    }`;
    const used = await use(long);
    expect(used).toMatchObject({ call: 500, code: 'INTERNAL_ERROR', others: [200, 200, 200, 200] });
    expect(used.tookMs).toBeLessThan(PATIENCE_MS);
  });
});
