import { readFileSync } from 'node:fs';
import { Validator } from '@cfworker/json-schema';
import { describe, expect, it } from '@jest/globals';
import {
  configFileJsonSchema,
  connectorConfigJsonSchema,
  parseConfigFile,
  parseConnectorConfig,
} from '../../src/schemas/index.ts';

const accepts = (schema: object, value: unknown): boolean =>
  new Validator(schema, '2020-12', false).validate(value).valid;

/** Connectors whose faults lie in one field each, so that a schema can see them too. */
const SAMPLES: readonly unknown[] = [
  { id: 'a' },
  { id: 'A' },
  { id: 'a', kind: 'b-c' },
  { id: 'a', port: 1 },
  { id: 'a', port: 65_536 },
  { id: 'a', port: '80' },
  { id: 'a', nonsense: 1 },
  { id: 'a', health_check: { interval: '30s' } },
  { id: 'a', health_check: { interval: 30 } },
  { id: 'a', health_check: { interval: '30' } },
  { id: 'a', health_check: null },
  { id: 'a', metadata: { a: 'b' } },
  { id: 'a', metadata: { a: 1 } },
  { id: 'a', settings: { anything: [1, { goes: null }] } },
  { id: 'a', tags: ['a'] },
  { id: 'a', tags: 'a' },
  { id: 'a', mode: 'remote' },
  { id: 'a', mode: 'far' },
  { id: 'a', isolation: 'thread' },
  { id: 'a', isolation: 'process' },
  { id: 'a', isolation: 'restricted' },
  { id: 'a', isolation: 'none' },
  { id: 'a', limits: { rate: {} } },
  { id: 'a', auth: { type: 'none', headers: { A: 'b' } } },
  { id: 'a', auth: { type: 'digest' } },
  {},
  [],
  'a',
];

describe('the JSON Schema', () => {
  it.each(SAMPLES.map((sample) => [sample]))('of a connector agrees with the parser on %j', (sample) => {
    expect(accepts(connectorConfigJsonSchema(), sample)).toBe(parseConnectorConfig(sample).ok);
  });

  it.each(SAMPLES.map((sample) => [sample]))('of the file agrees with the parser on %j', (sample) => {
    const content = { connectors: [sample] };
    expect(accepts(configFileJsonSchema(), content)).toBe(parseConfigFile(content).ok);
  });

  it('of the file lets variables stand where texts, numbers and truth values do', () => {
    const connector = {
      id: '${ID}',
      port: '${PORT:-80}',
      enabled: '${ON}',
      health_check: { interval: '${EVERY}' },
      mode: '${MODE}',
    };
    expect(accepts(configFileJsonSchema(), { connectors: [connector] })).toBe(true);
    expect(accepts(connectorConfigJsonSchema(), connector)).toBe(false);
  });

  it('in config/ is the one that the parser stands for', () => {
    const committed = readFileSync(new URL('../../../../config/connectors.schema.json', import.meta.url), 'utf8');
    expect(JSON.parse(committed)).toStrictEqual(JSON.parse(JSON.stringify(configFileJsonSchema())));
  });
});

describe('the JSON Schema of the file, with kinds', () => {
  const settings = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    required: ['token', 'depth'],
    properties: {
      token: { type: 'string', pattern: '^xo' },
      depth: { type: 'integer' },
      tree: { $ref: '#/$defs/tree' },
    },
    additionalProperties: false,
    $defs: { tree: { type: 'object', properties: { children: { type: 'array', items: { $ref: '#/$defs/tree' } } } } },
  };
  const schema = configFileJsonSchema([{ kind: 'chat', settings }, { kind: 'any' }]);
  const right = { token: 'xoxb', depth: 1 };

  it.each([
    [true, 'what the kind takes', { id: 'chat', settings: right }],
    [
      true,
      'variables and references to secrets',
      { id: 'chat', settings: { token: 'secretref://env/a/B', depth: '${D}' } },
    ],
    [true, 'what refers to itself', { id: 'chat', settings: { ...right, tree: { children: [{ children: [] }] } } }],
    [true, 'less, where a profile has the rest', { id: 'chat', profile: 'p', settings: { depth: 1 } }],
    [true, 'anything, of a kind that says nothing', { id: 'any', settings: { odd: 1 } }],
    [true, 'anything, of a kind that is not known', { id: 'chat', kind: 'other', settings: { odd: 1 } }],
    [false, 'less', { id: 'chat', settings: { depth: 1 } }],
    [false, 'a key that there is not', { id: 'mine', kind: 'chat', settings: { ...right, odd: 1 } }],
    [false, 'a wrong type', { id: 'chat', settings: { ...right, depth: 'deep' } }],
    [false, 'a wrong type far within', { id: 'chat', settings: { ...right, tree: { children: [{ children: 1 }] } } }],
    [false, 'a wrong type beside a profile', { id: 'chat', profile: 'p', settings: { depth: 'deep' } }],
  ])('says %s to %s', (valid, _, connector) => {
    expect(accepts(schema, { connectors: [connector] })).toBe(valid);
  });

  it('knows what profiles of a kind hold', () => {
    const profile = (given: object): object => ({ profiles: { p: { kind: 'chat', settings: given } } });
    expect(accepts(schema, profile({ depth: 1 }))).toBe(true);
    expect(accepts(schema, profile({ dept: 1 }))).toBe(false);
  });
});
