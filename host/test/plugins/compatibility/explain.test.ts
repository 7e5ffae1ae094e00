import { describe, expect, it } from '@jest/globals';
import { PLUGIN_REASONS } from '@automate/contract';
import {
  pluginReason,
  explainPluginReason,
  explainProblem,
  explainRangeFault,
} from '../../../src/plugins/compatibility/explain.ts';
import type { Reason } from '../../../src/plugins/compatibility/reason.ts';

const range = { range: '^2.0.0', source: 'engines.automate', host: '1.4.0' } as const;
const problem = {
  package: 'x',
  path: 'automate.connectors.a.entry',
  expected: 'a file that exists',
  received: 'nothing at /x/a.js',
  blame: 'plugin',
  remedy: 'build the package',
} as const;

const SENTENCES: readonly (readonly [Reason, string, string])[] = [
  [
    { kind: 'host_too_old', ...range },
    'incompatible',
    'needs a host in the range "^2.0.0" (engines.automate); this host, 1.4.0, is older: upgrade the host',
  ],
  [
    { kind: 'host_too_new', ...range },
    'incompatible',
    'needs a host in the range "^2.0.0" (engines.automate); this host, 1.4.0, is newer: look for a newer release of the plugin',
  ],
  [
    { kind: 'host_between', ...range },
    'incompatible',
    'needs a host in the range "^2.0.0" (engines.automate); this host, 1.4.0, is not among them: look for a release of the plugin that admits it, or change the host\'s version',
  ],
  [
    { kind: 'range_missing', host: '1.4.0' },
    'incompatible',
    'does not say which hosts it works with, and plugins.strict is set; this host is 1.4.0: ask its author to declare "engines": { "automate": … }, or set plugins.strict to false',
  ],
  [
    { kind: 'denied', pattern: '@evil/*' },
    'denied',
    'is kept out by the pattern "@evil/*" in plugins.deny: remove the pattern to admit it',
  ],
  [{ kind: 'not_allowed' }, 'denied', 'matches no pattern in plugins.allow: add its name there to admit it'],
  [
    { kind: 'transitive', package: 'x' },
    'transitive',
    'came along with another package, and plugins.scan is "direct": add "x" to the project\'s own dependencies to admit it',
  ],
  [
    { kind: 'shadowed', by: '/p/node_modules' },
    'shadowed',
    'is hidden by the package of the same name in /p/node_modules: remove one of the two',
  ],
  [
    { kind: 'problem', problems: [problem] },
    'problem',
    "cannot be used: automate.connectors.a.entry: expected a file that exists, received nothing at /x/a.js; the plugin's author should build the package",
  ],
  [
    { kind: 'problem', problems: [problem, problem, problem] },
    'problem',
    "cannot be used: automate.connectors.a.entry: expected a file that exists, received nothing at /x/a.js; the plugin's author should build the package, and has 2 more problems",
  ],
  [
    { kind: 'unsigned', why: 'is not signed', package: '@acme/x' },
    'unsigned',
    'is not signed, and plugins.signatures is "require": sign it once you trust it ("automate plugins sign @acme/x --key FILE"), or add its author\'s key to plugins.trusted_keys',
  ],
  [
    { kind: 'kinds_lost', lost: [{ kind: 'a', because: 'contested', others: ['y', 'z'] }] },
    'duplicate_kind',
    'declares the kind "a", as y and z does: say which one is meant with plugins.prefer: { a: <package> }',
  ],
  [
    {
      kind: 'kinds_lost',
      lost: [
        { kind: 'a', because: 'direct', winner: 'y' },
        { kind: 'b', because: 'preferred', winner: 'z' },
      ],
    },
    'duplicate_kind',
    'declares the kind "a", which y has because the project asks for that package by name: set plugins.prefer to change that; declares the kind "b", which plugins.prefer gives to z: change plugins.prefer to use this one',
  ],
];

describe('explain', () => {
  it.each(SENTENCES)('says of %j (%s): %s', (reason, code, sentence) => {
    expect(explainPluginReason(reason)).toBe(sentence);
    expect(pluginReason(reason)).toBe(code);
  });

  it('has a sentence for every word of the report', () => {
    expect(new Set(SENTENCES.map(([reason]) => pluginReason(reason)))).toEqual(new Set(PLUGIN_REASONS));
  });

  it('shortens what a package wrote, and lets no control character through', () => {
    const sentence = explainPluginReason({
      kind: 'host_too_old',
      ...range,
      range: `${'9'.repeat(300)}\u001b[2J\u009b`,
    });
    expect(sentence.length).toBeLessThan(200);
    expect(explainPluginReason({ kind: 'transitive', package: 'a\u001b[2J\nb' })).not.toMatch(/[\u0000-\u001f]/);
  });
});

describe('explainRangeFault', () => {
  it('names the field, what was expected and what was found', () => {
    expect(explainRangeFault({ kind: 'range_unreadable', value: 'latest', source: 'engines.automate' })).toMatchObject({
      path: 'engines.automate',
      expected: 'a semver range such as "^1.0.0"',
      received: '"latest"',
      blame: 'plugin',
    });
    expect(
      explainRangeFault({ kind: 'range_too_long', length: 9_000, source: 'peerDependencies["@automate/sdk"]' }),
    ).toMatchObject({ received: '9000 characters' });
  });
});

describe('explainProblem', () => {
  it('names the package, the place, both sides, and who must do what', () => {
    expect(explainProblem({ ...problem, blame: 'operator', remedy: 'install the package again' })).toBe(
      'x: automate.connectors.a.entry: expected a file that exists, received nothing at /x/a.js; the operator should install the package again',
    );
  });
});
