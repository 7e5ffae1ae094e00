import { describe, expect, it } from '@jest/globals';
import { diffConfig } from '../../src/config/diff-config.ts';
import { configOf } from './parse.ts';

const BEFORE = `profiles:
  p: { kind: a, secrets: { token: secretref://env/default/A } }
  q: { kind: a }
connectors:
  - { id: a, profile: p }
  - { id: b, settings: { x: 1, y: 2 } }
  - { id: c, port: 80 }
`;

function idsOf(after: string): Readonly<Record<string, unknown>> {
  const { added, changed, removed, unchanged, pluginsChanged } = diffConfig(configOf(BEFORE), configOf(after));
  const ids = (list: readonly { config: { id: string } }[]): string => list.map(({ config }) => config.id).join();
  return {
    added: ids(added),
    changed: ids(changed.map((pair) => pair.after)),
    removed: ids(removed),
    unchanged: ids(unchanged),
    pluginsChanged,
  };
}

describe('the difference of two configurations', () => {
  it('is none for the same, in whatever order', () => {
    const shuffled = BEFORE.replace(
      '{ id: b, settings: { x: 1, y: 2 } }',
      '{ settings: { y: 2, x: 1 }, id: b }',
    ).replace('  - { id: c, port: 80 }\n', '');
    const after = shuffled.replace('connectors:\n', 'connectors:\n  - { id: c, port: 80 }\n');
    expect(idsOf(after)).toStrictEqual({
      added: '',
      changed: '',
      removed: '',
      unchanged: 'c,a,b',
      pluginsChanged: false,
    });
  });

  it('names what came, went and changed', () => {
    const after = BEFORE.replace('x: 1', 'x: 3').replace('{ id: c, port: 80 }', '{ id: d }');
    expect(idsOf(after)).toStrictEqual({
      added: 'd',
      changed: 'b',
      removed: 'c',
      unchanged: 'a',
      pluginsChanged: false,
    });
  });

  it('counts a change of the profile that a connector uses, and of no other', () => {
    expect(idsOf(BEFORE.replace('default/A', 'default/B'))).toMatchObject({ changed: 'a', unchanged: 'b,c' });
    expect(idsOf(BEFORE.replace('q: { kind: a }', 'q: { kind: b }'))).toMatchObject({
      changed: '',
      unchanged: 'a,b,c',
    });
  });

  it('counts a change of how a value is written, which answers show', () => {
    const after = BEFORE.replace('port: 80', 'port: 80, host: "${H:-x}"');
    expect(idsOf(after)).toMatchObject({ changed: 'c' });
  });

  it('says when packages have to be looked for again', () => {
    expect(idsOf(`plugins: { scan: all }\n${BEFORE}`)).toMatchObject({ changed: '', pluginsChanged: true });
    expect(idsOf(`plugins: { scan: direct }\n${BEFORE}`)).toMatchObject({ pluginsChanged: false });
  });
});
