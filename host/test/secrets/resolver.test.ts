import type { ConnectorConfig } from '@automate/contract';
import { parseConnectorConfig } from '@automate/contract/schemas';
import { describe, expect, it } from '@jest/globals';
import type { ProfileConfig } from '../../src/config/host-config.ts';
import { createSecretResolver } from '../../src/secrets/resolver.ts';

const ENV = { TOKEN: 'token-1234567890', PASSWORD: 'password-1234567890', DEEP: 'deep-1234567890' };
const ref = (name: string): string => `secretref://env/default/${name}`;

function config(fields: Readonly<Record<string, unknown>>): ConnectorConfig {
  const parsed = parseConnectorConfig({ id: 'slack', ...fields });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.config;
}

function profile(fields: Partial<ProfileConfig> = {}): ProfileConfig {
  const values = { settings: {}, secrets: {} };
  return {
    name: 'slack_prod',
    owner: 'file',
    kind: 'slack',
    environment: 'prod',
    ...values,
    enabled: true,
    written: values,
    ...fields,
  };
}

describe('a configuration for its worker', () => {
  const resolver = createSecretResolver({ env: ENV });

  it('has every reference replaced, at any depth, and the rest as it was', async () => {
    const written = config({
      host: 'h',
      auth: { type: 'basic', username: 'ada', password: ref('PASSWORD'), headers: { 'X-Token': ref('TOKEN') } },
      settings: { list: [{ key: ref('DEEP') }], number: 1, text: 'secretref is a word' },
    });
    const resolved = await resolver.resolveConfig(written);
    expect(resolved).toStrictEqual({
      config: {
        ...written,
        auth: { type: 'basic', username: 'ada', password: ENV.PASSWORD, headers: { 'X-Token': ENV.TOKEN } },
        settings: { list: [{ key: ENV.DEEP }], number: 1, text: 'secretref is a word' },
      },
      settings: { list: [{ key: ENV.DEEP }], number: 1, text: 'secretref is a word' },
    });
    expect(written.auth.password).toBe(ref('PASSWORD'));
  });

  it('has no reference replaced by another, which whoever sets a secret could name', async () => {
    const nested = createSecretResolver({ env: { ...ENV, OTHER: ref('TOKEN') } });
    const written = config({ auth: { type: 'bearer', token: ref('OTHER') } });
    await expect(nested.resolveConfig(written)).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      problems: [{ path: 'auth.token', received: 'it holds a secret reference itself, and references are read once' }],
    });
  });

  it('has its settings over those of its profile, and its own auth before that of the profile', async () => {
    const written = config({
      profile: 'slack_prod',
      auth: { type: 'basic', username: 'own' },
      settings: { b: 'own', nested: { own: true } },
    });
    const shared = profile({
      settings: { a: 'shared', b: 'shared', nested: { shared: true }, key: ref('DEEP') },
      secrets: { username: ref('TOKEN'), password: ref('PASSWORD'), signing_secret: ref('DEEP') },
    });
    const settings = { a: 'shared', b: 'shared', nested: { shared: true }, key: ENV.DEEP };
    expect(await resolver.resolveConfig(written, shared)).toStrictEqual({
      config: { ...written, auth: { type: 'basic', username: 'own', password: ENV.PASSWORD } },
      settings: { a: 'shared', b: 'own', nested: { own: true }, key: ENV.DEEP },
      profile: {
        name: 'slack_prod',
        environment: 'prod',
        settings,
        secrets: { username: ENV.TOKEN, password: ENV.PASSWORD, signing_secret: ENV.DEEP },
      },
    });
  });

  it('does not send credentials of a profile where the connector says that there are none', async () => {
    const resolved = await resolver.resolveConfig(
      config({ profile: 'slack_prod' }),
      profile({ secrets: { token: ref('TOKEN') } }),
    );
    expect(resolved.config.auth).toStrictEqual({ type: 'none' });
  });

  it('is refused as a whole when any secret is missing; every field and reference is named, no value', async () => {
    const written = config({
      profile: 'slack_prod',
      auth: { type: 'basic', username: 'ada', password: ref('PASSWORD'), headers: { A: ref('MISSING_A') } },
      settings: { list: [ref('MISSING_B')] },
    });
    const failure = resolver.resolveConfig(written, profile({ secrets: { token: ref('MISSING_C') } }));
    await expect(failure).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      connector: 'slack',
      problems: [
        {
          path: 'auth.headers.A',
          message: 'the secret secretref://env/default/MISSING_A cannot be read: the variable MISSING_A is not set',
        },
        {
          path: 'settings.list[0]',
          message: 'the secret secretref://env/default/MISSING_B cannot be read: the variable MISSING_B is not set',
        },
        { path: 'profiles.slack_prod.secrets.token' },
      ],
    });
    const error = await failure.catch((reason: Error) => reason);
    expect(JSON.stringify([error, (error as Error).message])).not.toContain(ENV.PASSWORD);
  });

  it.each([
    ['is not there', undefined, 'profile: expected the name of an entry of profiles, received "slack_prod"'],
    [
      'is disabled',
      profile({ enabled: false }),
      'profile: expected a profile that is enabled, received "slack_prod", which is not',
    ],
    [
      'is of another kind',
      profile({ kind: 'other' }),
      'profile: expected a profile of the kind slack, received "slack_prod", which is of the kind other',
    ],
    ['lacks what auth needs', profile(), 'auth.token: expected a value, as the type is bearer, received nothing'],
  ])('is refused when its profile %s', async (_name, given, said) => {
    const failure = resolver.resolveConfig(config({ profile: 'slack_prod', auth: { type: 'bearer' } }), given);
    await expect(failure).rejects.toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining(said) });
  });

  it('teaches its secrets before anyone can use them, names and other words not', async () => {
    const learned: string[] = [];
    const teacher = createSecretResolver({
      env: ENV,
      learn: (connector, values) => learned.push(connector, ...values),
    });
    await teacher.resolveConfig(
      config({
        profile: 'slack_prod',
        auth: {
          type: 'basic',
          username: 'ada-lovelace',
          password: 'literal-password',
          headers: { Accept: 'application/json', Authorization: 'Bearer abcdefgh' },
        },
        settings: { key: ref('DEEP'), plain: 'production' },
      }),
      profile({ secrets: { signing_secret: ref('TOKEN') } }),
    );
    expect([...new Set(learned)].toSorted()).toStrictEqual(
      ['slack', ENV.DEEP, ENV.TOKEN, 'literal-password', 'Bearer abcdefgh', 'abcdefgh'].toSorted(),
    );
  });
});
