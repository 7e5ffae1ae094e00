import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ParsedManifest } from '../../../src/plugins/discovery/parse-manifest.ts';
import { parseManifest } from '../../../src/plugins/discovery/parse-manifest.ts';
import { manifest } from './temporary-tree.ts';

const NAME = '@acme/connector-x';

function parse(kinds: unknown, more?: Readonly<Record<string, unknown>>): ParsedManifest {
  return parseManifest({ name: NAME, expectedName: NAME }, JSON.parse(JSON.stringify(manifest(NAME, kinds, more))));
}

/** `path: expected`, one line for each problem. */
function problems(parsed: ParsedManifest): string[] {
  return parsed.kind === 'faulty' ? parsed.problems.map(({ path, received }) => `${path}: ${received}`) : [];
}

describe('a manifest in the short form', () => {
  it('names the module, and takes every default', () => {
    expect(parse({ my_service: './dist/adapter.js' }, { description: 'Talks to my service.' })).toEqual({
      kind: 'sound',
      manifest: {
        version: '1.2.3',
        kinds: [
          {
            kind: 'my_service',
            entry: './dist/adapter.js',
            entryPath: 'automate.connectors.my_service',
            type: 'custom',
            title: 'My service',
            description: 'Talks to my service.',
            autoconfigure: false,
            permissions: { network: [], env: [], fs: { read: [], write: [] }, childProcess: false },
          },
        ],
        engines: '^1.0.0',
        warnings: [],
      },
    });
  });
});

describe('a manifest in the long form', () => {
  it('keeps everything it says', () => {
    const permissions = {
      network: ['api.other.com:443'],
      env: ['HTTPS_PROXY'],
      fs: { read: ['/etc/ssl'], write: [] },
      childProcess: true,
    };
    const parsed = parse(
      {
        other: {
          entry: './other.js',
          type: 'messaging',
          title: 'Other',
          description: 'The other one.',
          scheme: 'other+tls',
          icon: './icon.svg',
          autoconfigure: true,
          permissions,
        },
      },
      { peerDependencies: { '@automate/sdk': '^1.0.0' } },
    );
    expect(parsed).toMatchObject({
      manifest: {
        kinds: [
          {
            kind: 'other',
            entryPath: 'automate.connectors.other.entry',
            type: 'messaging',
            title: 'Other',
            description: 'The other one.',
            scheme: 'other+tls',
            icon: './icon.svg',
            autoconfigure: true,
            permissions,
          },
        ],
        sdkPeer: '^1.0.0',
      },
    });
  });

  it('takes an absent permission as none', () => {
    expect(parse({ a: { entry: './a.js', permissions: { fs: { read: ['/tmp'] } } } })).toMatchObject({
      manifest: {
        kinds: [{ permissions: { network: [], env: [], fs: { read: ['/tmp'], write: [] }, childProcess: false } }],
      },
    });
  });

  it('warns about a field it does not know', () => {
    expect(parse({ a: { entry: './a.js', autoconfig: true } })).toMatchObject({
      kind: 'sound',
      manifest: {
        warnings: ['automate.connectors.a has a field "autoconfig", which this host does not know and ignores'],
      },
    });
  });

  it('takes control characters out of what will be shown', () => {
    expect(parse({ a: { entry: './a.js', title: 'A\u001b[2J\nB' } })).toMatchObject({
      manifest: { kinds: [{ title: 'A [2J B' }] },
    });
  });
});

describe('a faulty manifest', () => {
  it.each([
    ['no kinds', {}, ['automate.connectors: an empty object']],
    ['a list of kinds', ['./a.js'], ['automate.connectors: an array of 1']],
    ['a text for kinds', './a.js', ['automate.connectors: "./a.js"']],
    ['null for kinds', null, ['automate.connectors: null']],
    ['a number for a kind', { a: 1 }, ['automate.connectors.a: 1']],
    ['a list for a kind', { a: [] }, ['automate.connectors.a: an array of 0']],
    ['null for a kind', { a: null }, ['automate.connectors.a: null']],
    ['an empty entry', { a: '' }, ['automate.connectors.a: ""']],
    ['no entry', { a: { title: 'A' } }, ['automate.connectors.a.entry: nothing']],
    [
      'an entry that is no text',
      { a: { entry: { import: './a.js' } } },
      ['automate.connectors.a.entry: an object with "import"'],
    ],
    ['an unknown type', { a: { entry: './a.js', type: 'queue' } }, ['automate.connectors.a.type: "queue"']],
    ['a type that is no text', { a: { entry: './a.js', type: 3 } }, ['automate.connectors.a.type: 3']],
    ['a title that is no text', { a: { entry: './a.js', title: 3 } }, ['automate.connectors.a.title: 3']],
    [
      'a level of isolation that is none',
      { a: { entry: './a.js', recommendedIsolation: 'none' } },
      ['automate.connectors.a.recommendedIsolation: "none"'],
    ],
    [
      'a scheme that is none',
      { a: { entry: './a.js', scheme: 'http://' } },
      ['automate.connectors.a.scheme: "http://"'],
    ],
    [
      'a quoted flag',
      { a: { entry: './a.js', autoconfigure: 'true' } },
      ['automate.connectors.a.autoconfigure: "true"'],
    ],
    [
      'permissions that are a list',
      { a: { entry: './a.js', permissions: ['net'] } },
      ['automate.connectors.a.permissions: an array of 1'],
    ],
    [
      'a permission unknown here',
      { a: { entry: './a.js', permissions: { gpu: true } } },
      ['automate.connectors.a.permissions: "gpu"'],
    ],
    [
      'a permission of the wrong shape',
      { a: { entry: './a.js', permissions: { network: true } } },
      ['automate.connectors.a.permissions.network: true'],
    ],
    [
      'one bad permission in a list',
      { a: { entry: './a.js', permissions: { env: ['OK', 'NOT OK'] } } },
      ['automate.connectors.a.permissions.env[1]: "NOT OK"'],
    ],
    [
      'file permissions that are a list',
      { a: { entry: './a.js', permissions: { fs: ['/'] } } },
      ['automate.connectors.a.permissions.fs: an array of 1'],
    ],
  ])('with %s names the place and what was found', (_what, kinds, expected) => {
    expect(problems(parse(kinds))).toEqual(expected);
  });

  it.each(['My_service', '1st', 'my-service', '_x', 'ä', '', 'a b', 'a.b'])('refuses the kind name "%s"', (kind) => {
    expect(problems(parse({ [kind]: './a.js' }))).toEqual([`automate.connectors.${kind}: ${JSON.stringify(kind)}`]);
  });

  it('refuses a kind called __proto__ and pollutes nothing', () => {
    const json = JSON.parse(
      `{"name":"${NAME}","version":"1.0.0","automate":{"connectors":{"__proto__":{"entry":"./a.js","polluted":true}}}}`,
    ) as unknown;
    expect(problems(parseManifest({ name: NAME, expectedName: NAME }, json))).toEqual([
      'automate.connectors.__proto__: "__proto__"',
    ]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('does not take fields from a __proto__ in the file', () => {
    const json = JSON.parse(
      `{"name":"${NAME}","version":"1.0.0","automate":{"connectors":{"a":{"__proto__":{"entry":"./a.js"}}}}}`,
    ) as unknown;
    expect(problems(parseManifest({ name: NAME, expectedName: NAME }, json))).toEqual([
      'automate.connectors.a.entry: nothing',
    ]);
  });

  it('has all its faults named at once, each with who must act', () => {
    const parsed = parse({ 'A-B': 1, b: { type: 'x', autoconfigure: 1 } }, { version: 'one', name: 'other' });
    expect(problems(parsed)).toEqual([
      'name: "other"',
      'version: "one"',
      'automate.connectors.A-B: "A-B"',
      'automate.connectors.A-B: 1',
      'automate.connectors.b.entry: nothing',
      'automate.connectors.b.type: "x"',
      'automate.connectors.b.autoconfigure: 1',
    ]);
    expect(parsed).toMatchObject({ kinds: ['A-B', 'b'] });
    for (const problem of parsed.kind === 'faulty' ? parsed.problems : []) {
      expect(problem).toMatchObject({
        package: NAME,
        blame: expect.stringMatching(/^(plugin|operator)$/),
        expected: expect.stringMatching(/./),
        remedy: expect.stringMatching(/./),
      });
    }
  });

  it('has no version or a wrong one', () => {
    expect(problems(parse({ a: './a.js' }, { version: undefined }))).toEqual(['version: nothing']);
    expect(problems(parse({ a: './a.js' }, { version: '1.0' }))).toEqual(['version: "1.0"']);
  });

  it('bears another name than its directory', () => {
    expect(problems(parse({ a: './a.js' }, { name: 'impostor' }))).toEqual(['name: "impostor"']);
  });

  it('announces connectors by its keyword and has none', () => {
    const found = parseManifest(
      { name: 'x', expectedName: 'x' },
      { name: 'x', version: '1.0.0', keywords: ['automate-connector'], automate: { connector: './a.js' } },
    );
    expect(problems(found)).toEqual(['automate.connectors: nothing']);
  });
});

describe('a manifest that is not about connectors', () => {
  it.each([
    [{ name: 'x', version: '1.0.0' }],
    [{ name: 'x', keywords: ['automate'] }],
    [{ name: 'x', automate: { schedule: 'daily' } }],
    [{ name: 'x', automate: 'yes' }],
    [{ name: 'x', automate: null }],
    [{ name: 'x', engines: { automate: '^1.0.0' } }],
    [[]],
    ['text'],
    [null],
    [12],
  ])('is foreign: %j', (json) => {
    expect(parseManifest({ name: 'x', expectedName: 'x' }, json)).toEqual({ kind: 'foreign' });
  });
});

describe('whatever a manifest holds', () => {
  const names = fc.constantFrom(
    'entry',
    'type',
    'title',
    'description',
    'icon',
    'autoconfigure',
    'permissions',
    'network',
    'env',
    'fs',
    'read',
    'childProcess',
    'slack',
    '__proto__',
    'constructor',
  );
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom('./a.js', '', true, false, null, 3, 'messaging', '../x'),
      fc.array(tie('value'), { maxLength: 3 }),
      fc.dictionary(names, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }));

  it('is read without throwing, and is sound, foreign or has problems', () => {
    fc.assert(
      fc.property(value, fc.jsonValue(), (connectors, version) => {
        const parsed = parseManifest(
          { name: 'x', expectedName: 'x' },
          { name: 'x', version, automate: { connectors } },
        );
        if (parsed.kind === 'faulty') expect(parsed.problems.length).toBeGreaterThan(0);
        if (parsed.kind === 'sound')
          expect(parsed.manifest.kinds).toHaveLength(Object.keys(connectors as object).length);
      }),
      { numRuns: 1000 },
    );
  });

  it('is read without throwing when it is any JSON at all', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => parseManifest({ name: 'x', expectedName: 'x' }, json).kind === 'foreign'),
    );
  });
});
