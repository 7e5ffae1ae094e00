import { describe, expect, it } from '@jest/globals';
import { isJsonObject, PLUGIN_REASONS } from '@automate/contract';
import type { JsonObject, JsonValue } from '@automate/contract';
import { configFileJsonSchema } from '@automate/contract/schemas';
import { parseConfig } from '../../src/config/parse-config.ts';
import { SEARCH_PLACES } from '../../src/config/find-config.ts';
import { codeBlocks, codeIn, PACKAGE_PAGES, PAGES, readPage, tableOf } from './fixtures/read-docs.ts';

const PAGE = 'docs/operating.md';

interface Key {
  readonly path: string;
  readonly fallback: string;
}

/** The keys below a schema, wherever alternatives hide them. */
function keysOf(schema: JsonValue | undefined, prefix = ''): readonly Key[] {
  if (!isJsonObject(schema ?? null)) return [];
  const node = schema as JsonObject;
  const properties = Object.entries((node['properties'] ?? {}) as JsonObject).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    return [{ path, fallback: fallbackOf(value) }, ...keysOf(value, `${path}.`)];
  });
  return [
    ...properties,
    ...keysOf(node['additionalProperties'], `${prefix}NAME.`),
    ...((node['anyOf'] ?? []) as readonly JsonValue[]).flatMap((option) => keysOf(option, prefix)),
  ];
}

function fallbackOf(schema: JsonValue): string {
  const value = isJsonObject(schema) ? schema['default'] : undefined;
  return value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
}

const file = configFileJsonSchema()['properties'] as JsonObject;
const listed = (key: string): JsonObject => ((file[key] as JsonObject)['anyOf'] as readonly JsonObject[])[0] ?? {};
const profile = listed('profiles')['additionalProperties'];

describe('the configuration reference in docs/operating.md', () => {
  it.each([
    ['Connectors', 'connectors', listed('connectors')['items']],
    ['Plugins', 'plugins', listed('plugins')],
    ['Profiles', 'profiles', profile],
    ['Access', 'access', listed('access')],
  ] as const)('%s: has every key and its default', (section, _key, schema) => {
    const documented = tableOf(PAGE, section, 'key').rows.map(([path = '', , fallback = '']) => ({
      path: codeIn(path)[0] ?? '',
      fallback: codeIn(fallback)[0] ?? '',
    }));
    expect(documented).toEqual(keysOf(schema));
  });

  it('names every place where the file is looked for, in order', () => {
    const text = readPage(PAGE).replaceAll('\n', ' ');
    expect(text).toContain(`in this order: ${SEARCH_PLACES.map((place) => `\`${place}\``).join(', ')}`);
  });

  it('names every reason for which a package may not be used', () => {
    const reasons = tableOf(PAGE, 'Plugins', 'reason').rows.map(([reason = '']) => codeIn(reason)[0]);
    expect(reasons.toSorted()).toEqual([...PLUGIN_REASONS].toSorted());
  });
});

describe('what is not built yet', () => {
  it.each([['secretref://vault/', { auth: { type: 'bearer', token: 'secretref://vault/default/token' } }]])(
    'is refused as documented: %s',
    (words, config) => {
      expect(readPage(PAGE)).toContain(words);
      const parsed = parseConfig(JSON.stringify({ connectors: [{ id: 'a', ...config }] }), { environment: {} });
      expect(parsed.ok ? [] : parsed.problems.map(({ message }) => message)).toEqual([
        expect.stringContaining('not built yet'),
      ]);
    },
  );
});

const samples = [...PAGES, ...PACKAGE_PAGES].flatMap(codeBlocks).filter(({ language }) => language === 'yaml');

describe('the YAML samples', () => {
  it('are found', () => {
    expect(samples.length).toBeGreaterThan(5);
  });

  it.each(samples.map((sample) => [`${sample.file}:${sample.line}`, sample.text] as const))(
    '%s is a valid configuration',
    (_place, text) => {
      const names = [...text.matchAll(/\$\{([A-Za-z_]\w*)\}/g)].map((match) => match[1] ?? '');
      const parsed = parseConfig(text, { environment: Object.fromEntries(names.map((name) => [name, '1'])) });
      expect(parsed.ok ? [] : parsed.problems).toEqual([]);
    },
  );

  it('do not say what the host warns of', () => {
    expect(samples.filter(({ text }) => /^\s*mode: remote$/m.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it.each(PACKAGE_PAGES.filter((file) => file.startsWith('plugins/')))(
    'begin in %s with one that runs after the commands that follow it',
    (file) => {
      const blocks = codeBlocks(file);
      const first = (wanted: string) => blocks.find(({ language }) => language === wanted)?.text ?? '';
      const commands = first('sh');
      const used = [...first('yaml').matchAll(/\$\{(\w+)\}/g)].map((match) => match[1] ?? '');
      expect(used.filter((name) => !commands.includes(` ${name}=`))).toEqual([]);
      expect(commands).toMatch(/^npx automate plugins add @automate\/connector-/m);
      expect(commands).toMatch(/^npx automate execute /m);
      expect(commands).not.toMatch(/^automate /m);
    },
  );
});
