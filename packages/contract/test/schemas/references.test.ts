import { describe, expect, it } from '@jest/globals';
import { parseSecretReference } from '../../src/schemas/index.ts';
import { problemsOf } from './problems-of.ts';

describe('a secret reference', () => {
  it.each([
    ['secretref://env/default/SLACK_TOKEN', { backend: 'env', namespace: 'default', name: 'SLACK_TOKEN' }],
    ['secretref://file/slack/token', { backend: 'file', namespace: 'slack', name: 'token' }],
    ['secretref://store/slack/token', { backend: 'store', namespace: 'slack', name: 'token' }],
    ['secretref://store/a/b?version=12', { backend: 'store', namespace: 'a', name: 'b', version: 12 }],
    ['secretref://file/a.b-c/d_e.f', { backend: 'file', namespace: 'a.b-c', name: 'd_e.f' }],
  ])('is taken apart: %s', (text, reference) => {
    expect(parseSecretReference(text)).toStrictEqual({ ok: true, reference });
  });

  it.each([
    'secretref://',
    'secretref://env/NAME',
    'secretref://env/other/NAME',
    'secretref://env/default/NAME?version=2',
    'secretref://file/slack/token?version=1',
    'secretref://file/../token',
    'secretref://file/a/..',
    'secretref://file/a/b/c',
    'secretref://file//b',
    'secretref://file/a/.hidden',
    'secretref://file/a/b%2fc',
    'secretref://file/a/b ',
    'secretref://store/a',
    'secretref://store/a/b?version=0',
    'secretref://store/../b',
    'secretref://vault/a/b',
    'secretref://other/a/b',
    'secretref://ENV/default/NAME',
    `secretref://file/a/${'b'.repeat(300)}`,
  ])('is refused: %s', (text) => {
    expect(parseSecretReference(text).ok).toBe(false);
  });

  it('may stand in auth and settings, as a whole value', () => {
    const reference = 'secretref://file/slack/token';
    expect(
      problemsOf({ id: 'a', auth: { type: 'bearer', token: reference }, settings: { deep: [{ key: reference }] } }),
    ).toStrictEqual([]);
  });

  it.each(['name', 'description', 'host'])('may not stand in %s', (field) => {
    expect(problemsOf({ id: 'a', [field]: 'secretref://env/default/NAME' }).join()).toMatch(
      /no secret reference|host name/,
    );
  });

  it('is a problem where it is malformed, rather than taken for the secret itself', () => {
    expect(problemsOf({ id: 'a', settings: { key: 'secretref://env/NAME' } })).toHaveLength(1);
  });
});

describe('a registration', () => {
  const register = (settings: unknown): readonly string[] => problemsOf({ id: 'a', settings }, { from: 'caller' });

  it.each([
    '${HOME}',
    'a ${HOME} b',
    '${HOME:-x}',
    '$${HOME} ${HOME}',
    '${ HOME }',
    '${}',
    'secretref://env/default/HOME',
    'x secretref://file/a/b',
    'x secretref://store/a/b',
  ])("may not read the host's environment or files: %s", (text) => {
    expect(register({ deep: [{ text }] })).toHaveLength(1);
    expect(register({ deep: [{ text }] })[0]).toContain('settings.deep[0].text');
  });

  it('may hold what looks like a variable, written as it is in the file', () => {
    expect(register({ text: 'a $${HOME} $$${b}' })).toEqual([]);
  });

  it('does not repeat the rest of a text with a reference in it', () => {
    expect(register({ text: 'canary-1234567890 ${HOME:-canary-1234567890}' }).join()).not.toContain('canary');
  });

  it('may refer to the store, which the service looks at', () => {
    expect(register({ text: 'secretref://store/a/b', pinned: ['secretref://store/a/b?version=2'] })).toEqual([]);
  });

  it('may hold what merely looks similar', () => {
    expect(register({ text: '$HOME {HOME} $ {HOME} secretref' })).toStrictEqual([]);
  });
});

describe('a masked secret', () => {
  it.each([
    [{ id: 'a', auth: { type: 'bearer', token: '[secret]' } }, 'auth.token'],
    [{ id: 'a', settings: { deep: ['[secret]'] } }, 'settings.deep[0]'],
    [{ id: 'a', metadata: { a: '[secret]' } }, 'metadata.a'],
  ])('that is sent back is refused: %j', (config, path) => {
    const expected = 'the secret itself, or the field left out: answers show secrets as [secret], which is no value';
    expect(problemsOf(config)).toStrictEqual([`${path}: expected ${expected}, received "[secret]"`]);
  });
});
