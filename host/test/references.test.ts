import { connect } from '@automate/client';
import type { ConnectorConfigInput, ConnectorService, JsonObject } from '@automate/contract';
import { describeProblem } from '@automate/contract';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parseRegistrationText } from '../src/config/parse-registered.ts';
import { problemsOf } from './config/parse.ts';
import { openRestBackend } from './fixtures/rest-backend.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const CANARY = 'canary-4711-secret';

/** What means to be a reference and is none, as the value of a credential. */
const LOOKALIKES = [
  'SECRETREF://env/default/TOKEN',
  'SecretRef://env/default/TOKEN',
  'secretref:/env/default/TOKEN',
  'secretref//env/default/TOKEN',
  'secretref:env/default/TOKEN',
  'secret-ref://env/default/TOKEN',
  'secret_ref://env/default/TOKEN',
  'secretrefs://env/default/TOKEN',
  'secret://env/default/TOKEN',
  'secertref://env/default/TOKEN',
  'secretref%3A%2F%2Fenv%2Fdefault%2FTOKEN',
  ' secretref://env/default/TOKEN',
  'secretref://env/default/TOKEN ',
  'Bearer secretref://env/default/TOKEN',
  `${CANARY}secretref://env/default/TOKEN`,
  `secretref://${CANARY}`,
  'secretref://env/TOKEN',
  'secretref://env/default/',
  'Bearer SECRETREF://env/default/TOKEN',
  '$TOKEN_OF_MINE',
  '%TOKEN_OF_MINE%',
  '{{ secrets.TOKEN }}',
  '<%= ENV["TOKEN"] %>',
  'Bearer $TOKEN_OF_MINE',
  '$(cat /run/secrets/token)',
  'env:TOKEN',
  'env://TOKEN',
  'vault://kv/token',
  'op://vault/item/field',
  'arn:aws:secretsmanager:eu-west-1:1234:secret:token',
] as const;

/** Where such a text stands, with the place that the problem names. */
const PLACES: readonly (readonly [path: string, (text: string) => ConnectorConfigInput])[] = [
  ['auth.token', (token) => ({ id: 'a', kind: 'echo', auth: { type: 'bearer', token } })],
  ['auth.password', (password) => ({ id: 'a', kind: 'echo', auth: { type: 'basic', username: 'me', password } })],
  [
    'auth.headers.Authorization',
    (value) => ({ id: 'a', kind: 'echo', auth: { type: 'none', headers: { Authorization: value } } }),
  ],
  [
    'auth.headers.X-Honeycomb-Team',
    (value) => ({ id: 'a', kind: 'echo', auth: { type: 'none', headers: { 'X-Honeycomb-Team': value } } }),
  ],
];

/** Where none is resolved. */
const OTHER_PLACES: readonly (readonly [path: string, (text: string) => ConnectorConfigInput])[] = [
  ['host', (host) => ({ id: 'a', kind: 'echo', host })],
  ['name', (name) => ({ id: 'a', kind: 'echo', name })],
  ['tags[0]', (tag) => ({ id: 'a', kind: 'echo', tags: [tag] })],
  ['tls.ca_file', (caFile) => ({ id: 'a', kind: 'echo', tls: { caFile } })],
  ['health_check.path', (path) => ({ id: 'a', kind: 'http', host: 'h', healthCheck: { path } })],
  ['settings["…"]', (key) => ({ id: 'a', kind: 'echo', settings: { [key]: 1 } })],
  ['auth.headers["…"]', (key) => ({ id: 'a', kind: 'echo', auth: { type: 'none', headers: { [key]: 'x' } } })],
];

function toYaml(config: ConnectorConfigInput): string {
  const { basePath, tls, healthCheck, ...rest } = config;
  const wire = {
    ...rest,
    ...(basePath === undefined ? {} : { base_path: basePath }),
    ...(tls === undefined ? {} : { tls: { ca_file: tls.caFile } }),
    ...(healthCheck === undefined ? {} : { health_check: healthCheck }),
  };
  return `connectors:\n  - ${JSON.stringify(wire)}\n`;
}

describe('what means to be a secret reference and is none', () => {
  it.each(LOOKALIKES)('is a problem with its place in the file, and is not repeated: %j', (text) => {
    for (const [path, config] of PLACES) {
      const problems = problemsOf(toYaml(config(text)));
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(/^2:\d+: connectors\[0\]\./);
      expect(problems[0]).toContain(`connectors[0].${path}: expected`);
      expect(problems[0]).toMatch(/secretref:\/\/env\/default\/NAME/);
      expect(problems[0]).not.toContain(CANARY);
    }
  });

  it.each(LOOKALIKES.filter((text) => /sec/i.test(text) && !/^[{$a]/.test(text)))(
    'is one in a list, in a setting and in a profile: %j',
    (text) => {
      for (const settings of [{ list: ['x', text] }, { deep: { key: text } }] as readonly JsonObject[]) {
        expect(problemsOf(toYaml({ id: 'a', kind: 'echo', settings }))).toHaveLength(1);
        const profile = `profiles:\n  p:\n    kind: echo\n    settings: ${JSON.stringify(settings)}\n`;
        expect(problemsOf(profile)).toEqual([expect.stringMatching(/^4:\d+: profiles\.p\.settings\./)]);
      }
      const secrets = `profiles:\n  p:\n    kind: echo\n    secrets:\n      token: ${JSON.stringify(text)}\n`;
      expect(problemsOf(secrets)).toEqual([
        expect.stringMatching(/^5:7: profiles\.p\.secrets\.token: expected .*secretref:/),
      ]);
    },
  );

  it.each(OTHER_PLACES)('and what is one is a problem where none is resolved: %s', (path, config) => {
    for (const text of [
      'secretref://env/default/TOKEN',
      'SECRETREF://env/default/TOKEN',
      'x secretref://env/default/TOKEN',
    ]) {
      const [first] = problemsOf(toYaml(config(text)));
      expect(first).toMatch(/^2:\d+: connectors\[0\]/);
      expect(first).toContain(`connectors[0].${path}: expected`);
    }
  });

  it('may be spoken of in a description', () => {
    const config = { id: 'a', kind: 'echo', description: 'its token is secretref://env/default/TOKEN' };
    expect(problemsOf(toYaml(config))).toEqual([]);
  });

  it('is one, too, when a variable gives it', () => {
    const yaml = toYaml({ id: 'a', kind: 'echo', auth: { type: 'bearer', token: '${TOKEN}' } });
    const [first, ...more] = problemsOf(yaml, { TOKEN: `Bearer secretref://env/default/${CANARY}` });
    expect(more).toEqual([]);
    expect(first).toMatch(/auth\.token: expected the reference as the whole value.*received what \$\{TOKEN\} gave/);
    expect(first).not.toContain(CANARY);
  });
});

describe('a registration with a reference, or what means to be one', () => {
  let it_: SandboxHost;
  beforeAll(async () => {
    it_ = await SandboxHost.open({ kinds: ['echo'], env: { TOKEN: CANARY } });
  });
  afterAll(() => it_[Symbol.asyncDispose]());

  const doors: Readonly<Record<string, () => Promise<ConnectorService>>> = {
    'in process': async () => it_.host.service,
    'over gRPC': () => connect({ address: it_.host.grpcAddress ?? '' }),
    'over REST': async () => openRestBackend(it_.host.httpAddress ?? ''),
  };

  it.each(Object.entries(doors))('is refused %s with its place', async (_door, open) => {
    const service = await open();
    for (const text of [...LOOKALIKES, 'secretref://env/default/TOKEN', '${TOKEN}', '${env:TOKEN}', '${TOKEN']) {
      for (const [path, config] of PLACES) {
        const refused = await service.register(config(text)).then(
          () => 'accepted',
          (error: unknown) => error,
        );
        expect(refused).toMatchObject({ code: 'INVALID_INPUT', problems: [{ path }] });
        expect(JSON.stringify(refused) + String(refused)).not.toContain(CANARY);
      }
    }
    expect(await service.list()).toEqual([]);
  });

  it('is refused on the command line with line and column', () => {
    for (const text of [...LOOKALIKES, 'secretref://env/default/TOKEN', '${TOKEN}', '${env:TOKEN}', '${TOKEN']) {
      const parsed = parseRegistrationText(
        `id: a\nkind: echo\nauth:\n  type: bearer\n  token: ${JSON.stringify(text)}\n`,
        '--input',
      );
      const problems = parsed.ok ? [] : parsed.problems.map(describeProblem);
      expect(problems).toEqual([expect.stringMatching(/^--input:5:3: auth\.token: expected/)]);
    }
  });
});
