import { describe, expect, it } from '@jest/globals';
import { isTextField, parseConfigFile } from '../../src/schemas/index.ts';
import { sentence } from './problems-of.ts';

function problemsOf(content: unknown): readonly string[] {
  const parsed = parseConfigFile(content);
  return parsed.ok ? [] : parsed.problems.map(sentence);
}

describe('a configuration file', () => {
  it.each([undefined, null, {}, { connectors: null, profiles: null, plugins: null }, { $schema: './x.json' }])(
    'may be as empty as %j',
    (content) => {
      expect(parseConfigFile(content)).toMatchObject({ ok: true, connectors: [], plugins: {} });
    },
  );

  it.each([
    [
      [],
      [
        ': expected a map with the keys plugins, files, network, access, mcp, executions, profiles, connectors, received an empty list',
      ],
    ],
    [
      'x',
      [
        ': expected a map with the keys plugins, files, network, access, mcp, executions, profiles, connectors, received a text (not shown: it may be a secret)',
      ],
    ],
    [{ conectors: [] }, ['conectors: expected a known key (did you mean "connectors"?), received the key "conectors"']],
    [{ connectors: {} }, ['connectors: expected a list of connectors, received an empty map']],
    [{ connectors: ['a'] }, ['connectors[0]: expected a map, received a text (not shown: it may be a secret)']],
    [
      { plugins: { scan: 'deep', prefer: { 'My-Kind': 'x' } } },
      [
        'plugins.scan: expected one of direct, all, received "deep"',
        'plugins.prefer.My-Kind: expected the name of a kind, received the key "My-Kind"',
      ],
    ],
    [
      { connectors: [{ id: 'a' }, { id: 'b' }, { id: 'a' }] },
      ['connectors[2].id: expected an id of its own, received "a", which connectors[0] has too'],
    ],
  ])('%j has its problems named', (content, problems) => {
    expect(problemsOf(content)).toStrictEqual(problems);
  });

  it('names a repeated id even where the connectors have other problems', () => {
    expect(
      problemsOf({
        connectors: [
          { id: 'a', port: 0 },
          { id: 'a', port: 0 },
        ],
      }),
    ).toHaveLength(3);
  });
});

describe('a profile', () => {
  const token = 'secretref://env/default/TOKEN';

  it('brings the fields of auth that a connector leaves out', () => {
    const content = {
      profiles: { p: { kind: 'slack', secrets: { token } } },
      connectors: [{ id: 'slack', profile: 'p', auth: { type: 'bearer' } }],
    };
    expect(problemsOf(content)).toStrictEqual([]);
  });

  it('is a problem where it does not bring them', () => {
    const content = {
      profiles: { p: { kind: 'slack' } },
      connectors: [{ id: 'slack', profile: 'p', auth: { type: 'bearer' } }],
    };
    expect(problemsOf(content)).toStrictEqual([
      'connectors[0].auth.token: expected a value, as the type is bearer and the profile "p" has no secret of that name, received nothing',
    ]);
  });

  it.each([
    [{}, 'connectors[0].profile: expected the name of an entry of profiles (there are none), received "p"'],
    [
      { q: { kind: 'slack' } },
      'connectors[0].profile: expected the name of an entry of profiles (there are q), received "p"',
    ],
    [
      { p: { kind: 'other' } },
      'connectors[0].profile: expected a profile of the kind slack, received "p", which is of the kind other',
    ],
    [{ p: {} }, 'profiles.p.kind: expected the name of a kind, received nothing'],
    [
      { p: { kind: 'slack', secrets: { token: 'xoxb-in-clear' } } },
      'profiles.p.secrets.token: expected a secret reference such as secretref://env/default/NAME, received a text (not shown: it may be a secret)',
    ],
    [
      { p: { kind: 'slack', secrets: { token: 'secretref://nowhere/a/b' } } },
      'profiles.p.secrets.token: expected the backend store, env or file, received secretref://nowhere/a/b',
    ],
  ])('%j is checked together with the connectors that use it', (profiles, problem) => {
    expect(problemsOf({ profiles, connectors: [{ id: 'slack', profile: 'p' }] })).toStrictEqual([problem]);
  });
});

describe('a text field', () => {
  it.each([
    [['connectors', 0, 'auth', 'token'], true],
    [['connectors', 0, 'metadata', 'anything'], true],
    [['connectors', 0, 'tags', 3], true],
    [['connectors', 0, 'mode'], true],
    [['connectors', 0, 'health_check', 'interval'], true],
    [['profiles', 'p', 'environment'], true],
    [['connectors', 0, 'port'], false],
    [['connectors', 0, 'health_check', 'enabled'], false],
    [['connectors', 0, 'settings', 'port'], false],
    [['nowhere', 'at', 'all'], false],
  ])('is told by its path: %j', (path, isText) => {
    expect(isTextField(path)).toBe(isText);
  });
});
