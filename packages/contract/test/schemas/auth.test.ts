import { describe, expect, it } from '@jest/globals';
import { parseConnectorConfig } from '../../src/schemas/index.ts';
import { problemsOf } from './problems-of.ts';

const FULL: Readonly<Record<string, Record<string, unknown>>> = {
  none: {},
  basic: { username: 'ada', password: 'pa55word' },
  bearer: { token: 't0ken-t0ken' },
  api_key: { api_key: 'k3y-k3y-k3y', api_key_header: 'X-Key' },
  oauth2: {
    token_url: 'https://login.example/token',
    client_id: 'me',
    client_secret: 's3cret-s3cret',
    scopes: ['read'],
    audience: 'https://api.example',
    token_params: { resource: 'r1' },
  },
};

describe('auth', () => {
  it.each(Object.keys(FULL))('takes all fields of the type %s', (type) => {
    expect(problemsOf({ id: 'a', auth: { type, headers: { 'X-Team': 'a' }, ...FULL[type] } })).toStrictEqual([]);
  });

  it.each([
    ['basic', ['auth.username', 'auth.password']],
    ['bearer', ['auth.token']],
    ['api_key', ['auth.api_key']],
    ['oauth2', ['auth.token_url', 'auth.client_id', 'auth.client_secret']],
  ])('misses what the type %s needs, unless a profile may bring it', (type, paths) => {
    const parsed = parseConnectorConfig({ id: 'a', auth: { type } });
    expect(parsed.ok ? [] : parsed.problems.map(({ path }) => path)).toStrictEqual(paths);
    expect(problemsOf({ id: 'a', profile: 'p', auth: { type } })).toStrictEqual([]);
  });

  it('refuses credentials that would never be sent, and does not repeat them', () => {
    const problems = problemsOf({ id: 'a', auth: { token: 't0ken-t0ken' } });
    expect(problems).toStrictEqual([
      'auth.token: expected nothing, as the type is none, which does not use it, received a text (not shown: it may be a secret)',
    ]);
  });

  it('never repeats what may be a secret', () => {
    const canary = 'canary-1234567890';
    const wrong = {
      id: 'a',
      auth: {
        type: canary.length,
        password: [canary],
        token: { canary },
        headers: { A: [canary], B: 5 },
        client_secret: canary,
        token_params: { A: [canary], grant_type: canary },
        scopes: canary,
      },
      proxy: `socks5://ann:${canary}@proxy`,
      settings: canary,
    };
    expect(JSON.stringify(problemsOf(wrong).filter((problem) => !problem.includes('scopes')))).not.toContain(canary);
  });
});
