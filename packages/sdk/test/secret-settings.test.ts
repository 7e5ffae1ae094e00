import { describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonSchema } from '@automate/contract';
import { attachContext, secretSettings, validateSettings } from '../src/runtime/index.ts';
import { ConnectorAdapter } from '../src/connector-adapter.ts';
import { openHttp } from './open-http.ts';

const PIN: JsonSchema = { type: 'string', writeOnly: true };
const WITH_PIN: JsonSchema = { properties: { pin: PIN } };
const AT_PIN = { pin: 'pin-4711' };

/** Where JSON Schema lets the schema of a value stand. */
const PLACES: readonly (readonly [string, JsonSchema, JsonObject, path: string])[] = [
  ['properties', WITH_PIN, AT_PIN, 'pin'],
  ['patternProperties', { patternProperties: { '^p': PIN } }, AT_PIN, 'pin'],
  ['a pattern that only others can read', { patternProperties: { '^(?i)P': PIN } }, AT_PIN, 'pin'],
  ['a pattern that may take for ever', { patternProperties: { '^(([a-z]+)+)+N$': PIN } }, AT_PIN, 'pin'],
  [
    'more branches than anybody writes',
    { anyOf: Array.from({ length: 2000 }, () => ({})), properties: { pin: PIN } },
    AT_PIN,
    'pin',
  ],
  ['additionalProperties', { additionalProperties: PIN }, AT_PIN, 'pin'],
  ['unevaluatedProperties', { unevaluatedProperties: PIN }, AT_PIN, 'pin'],
  ['anyOf', { anyOf: [{}, WITH_PIN] }, AT_PIN, 'pin'],
  ['oneOf', { oneOf: [{}, WITH_PIN] }, AT_PIN, 'pin'],
  ['allOf', { allOf: [{}, WITH_PIN] }, AT_PIN, 'pin'],
  ['if', { if: WITH_PIN }, AT_PIN, 'pin'],
  ['then', JSON.parse(`{"if":{},"then":${JSON.stringify(WITH_PIN)}}`) as JsonSchema, AT_PIN, 'pin'],
  ['else', { if: {}, else: WITH_PIN }, AT_PIN, 'pin'],
  ['dependentSchemas', { dependentSchemas: { mode: WITH_PIN } }, { mode: 'x', ...AT_PIN }, 'pin'],
  ['dependencies', { dependencies: { mode: WITH_PIN } }, { mode: 'x', ...AT_PIN }, 'pin'],
  ['$ref', { $ref: '#/$defs/a', $defs: { a: WITH_PIN } }, AT_PIN, 'pin'],
  [
    '$ref into a list',
    { anyOf: [{}, { $ref: '#/$defs/a/oneOf/0' }], $defs: { a: { oneOf: [WITH_PIN] } } },
    AT_PIN,
    'pin',
  ],
  ['$ref to an anchor', { $ref: '#a', $defs: { x: { $anchor: 'a', ...WITH_PIN } } }, AT_PIN, 'pin'],
  ['$dynamicRef', { $dynamicRef: '#a', $defs: { x: { $dynamicAnchor: 'a', ...WITH_PIN } } }, AT_PIN, 'pin'],
  ['items', { properties: { list: { items: WITH_PIN } } }, { list: [AT_PIN] }, 'list[0].pin'],
  ['prefixItems', { properties: { list: { prefixItems: [{}, PIN] } } }, { list: ['ada', 'pin-4711'] }, 'list[1]'],
  ['items as a list', { properties: { list: { items: [{}, PIN] } } }, { list: ['ada', 'pin-4711'] }, 'list[1]'],
  [
    'additionalItems',
    { properties: { list: { items: [{}], additionalItems: PIN } } },
    { list: ['ada', 'pin-4711'] },
    'list[1]',
  ],
  ['contains', { properties: { list: { contains: PIN } } }, { list: ['pin-4711'] }, 'list[0]'],
  [
    'unevaluatedItems',
    { properties: { list: { prefixItems: [{}], unevaluatedItems: PIN } } },
    { list: ['ada', 'pin-4711'] },
    'list[1]',
  ],
  ['a mark around it', { properties: { box: { writeOnly: true } } }, { box: { a: [AT_PIN] } }, 'box.a[0].pin'],
];

class Marked extends ConnectorAdapter {
  readonly name = 'marked';
  readonly version = '1.0.0';
  override readonly configSchema;
  override readonly actions = {};

  constructor(jsonSchema: JsonSchema, path: string) {
    super();
    const validate = () => ({ issues: [{ message: 'is wrong', path: path.split(/[.[\]]+/).filter(Boolean) }] });
    this.configSchema = { schema: { '~standard': { version: 1 as const, vendor: 'test', validate } }, jsonSchema };
  }

  async connect(): Promise<boolean> {
    return true;
  }
}

describe.each(PLACES)('a secret whose mark stands in %s', (_name, schema, settings, path) => {
  it('is a secret of the settings', () => {
    expect(secretSettings(settings, schema)).toStrictEqual(['pin-4711']);
  });

  it('is masked where the adapter shows its configuration', () => {
    const adapter = new Marked(schema, path);
    using remote = openHttp({ settings });
    attachContext(adapter, remote.context);
    const shown = JSON.stringify(adapter.getConfig());
    expect(shown).toContain('[secret]');
    expect(shown).not.toContain('pin-4711');
  });

  it('is not shown where it is found wrong', async () => {
    expect(await validateSettings(new Marked(schema, path), settings)).toMatchObject([{ received: 'a string' }]);
  });
});

it('a schema that goes in circles is read to its end', () => {
  const tree: JsonSchema = { $ref: '#', properties: { pin: PIN, next: { $ref: '#' } } };
  expect(secretSettings({ next: { next: { pin: 'pin-4711' } } }, tree)).toStrictEqual(['pin-4711']);
});
