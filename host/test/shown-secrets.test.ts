import { connect } from '@automate/client';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { problemsOf } from './config/parse.ts';
import { openRestBackend } from './fixtures/rest-backend.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';

/** Each stands at a place of its own. */
const CANARIES = {
  path: 'bot4711:AAcanary0path1token2of3theBot',
  parameter: 'canary-of-a-parameter',
  user: 'canary-instead-of-a-user',
  password: 'canary-of-a-password',
  team: 'canary-of-honeycomb',
  other: 'canary-of-another-header',
  metadata: 'canary-in-metadata',
  variable: 'VaR0canary1path2token3of4theVariable',
};

const YAML = `
connectors:
  - id: own
    kind: echo
    host: 127.0.0.1
    port: 9
    base_path: /x/${CANARIES.path}/y
    proxy: http://${CANARIES.user}@127.0.0.1:9
    metadata: { link: "https://me:${CANARIES.metadata}@example.com/" }
    auth:
      type: oauth2
      token_url: http://127.0.0.1:9/token?api_key=${CANARIES.parameter}
      client_id: me
      client_secret: ${CANARIES.password}
      headers: { X-Honeycomb-Team: ${CANARIES.team}, Tenant: "Any ${CANARIES.other}", Accept: application/json }
  - id: variable
    kind: echo
    host: 127.0.0.1
    port: 9
    base_path: /x/\${PATH_TOKEN}
    health_check: { path: /ok }
    metadata: { a: "\${PATH_TOKEN}" }
`;

describe('a secret that stands where the configuration has a place for something else', () => {
  let it_: SandboxHost;
  beforeAll(async () => {
    it_ = await SandboxHost.open({ yaml: YAML, kinds: ['echo'], env: { PATH_TOKEN: CANARIES.variable } });
  });
  afterAll(() => it_[Symbol.asyncDispose]());

  it('is shown by no view, at no door', async () => {
    const remote = await connect({ address: it_.host.grpcAddress ?? '' });
    const rest = openRestBackend(it_.host.httpAddress ?? '');
    const said: unknown[] = [];
    for (const service of [it_.host.service, remote, rest]) {
      said.push(await service.list(), await service.healthCheckAll(), await service.healthCheckAll({ cached: true }));
      for (const id of ['own', 'variable']) {
        said.push(await service.get(id), await service.test(id), await service.healthCheck(id));
      }
    }
    await remote.close();
    const everything = JSON.stringify(said) + it_.logText;
    for (const canary of Object.values(CANARIES)) expect(everything).not.toContain(canary);
    expect(everything).toContain('/x/${PATH_TOKEN}');
    expect(everything).toContain('http://127.0.0.1:9/[secret]');
  });

  it('is kept out of what the connector answers', async () => {
    await it_.host.service.test('own');
    await it_.host.service.test('variable');
    const { metadata: _unknown, ...known } = CANARIES;
    for (const canary of Object.values(known)) {
      const { result } = await it_.host.service.execute({ id: 'variable', action: 'say', payload: { text: canary } });
      expect(JSON.stringify(result)).not.toContain(canary);
    }
    const text = 'application/json';
    const { result } = await it_.host.service.execute({ id: 'variable', action: 'say', payload: { text } });
    expect(result).toMatchObject({ text });
  });
});

const CANARY = 'c4nary-4711-secret';

/** Every wrong shape at a place where a secret may stand. */
const WRONG: Readonly<Record<string, string>> = {
  'a text for auth': `auth: "Bearer ${CANARY}"`,
  'a list for auth': `auth: [${CANARY}]`,
  'an unclosed text for auth': `auth: "Bearer ${CANARY}`,
  'a map without values': `auth: { ${CANARY} }`,
  'an unknown key with it': `auth: { tokn: ${CANARY} }`,
  'it as a key': `auth: { type: bearer, "${CANARY}": x }`,
  'it as a key with blanks': `auth: { "Bearer ${CANARY}": x }`,
  'it as the type': `auth: { type: ${CANARY} }`,
  'it in a list': `auth: { type: bearer, token: [${CANARY}] }`,
  'it in a map': `auth: { type: bearer, token: { ${CANARY}: ${CANARY} } }`,
  'scopes as a text': `auth: { type: oauth2, scopes: ${CANARY} }`,
  'the user as a map': `auth: { type: basic, username: { a: ${CANARY} } }`,
  'headers as a text': `auth: { headers: "Authorization: Bearer ${CANARY}" }`,
  'a header as a list': `auth: { headers: { Authorization: [${CANARY}] } }`,
  'a field of another type': `auth: { type: basic, token: ${CANARY} }`,
  'an unknown section': `credentials: ${CANARY}`,
  'a key at the top': `Bearer ${CANARY}: x`,
  'user and password before the host': `host: "me:${CANARY}@example.com"`,
  'a URL for the host': `host: "https://me:${CANARY}@example.com/"`,
  'a token in the path of a URL for the host': `host: "https://example.com/${CANARY}/x"`,
  'a parameter of a URL for the host': `host: "https://example.com?token=${CANARY}"`,
  'a parameter of the base path': `base_path: "/x?token=${CANARY}"`,
  'a URL for the base path': `base_path: "https://me:${CANARY}@example.com/"`,
  'user and password in the base path': `base_path: "//me:${CANARY}@example.com/"`,
  'user and password in the token URL': `auth: { type: oauth2, client_id: a, client_secret: b, token_url: "https://me:${CANARY}@example.com/" }`,
  'a token URL of another scheme': `auth: { type: oauth2, client_id: a, client_secret: b, token_url: "ftp://${CANARY}@example.com/" }`,
  'a proxy of another scheme': `proxy: "socks5://me:${CANARY}@example.com"`,
  'settings as a text': `settings: ${CANARY}`,
  'an alias': `auth: { type: bearer, token: *${CANARY} }`,
  'an anchor': `auth: { type: bearer, token: &${CANARY} }`,
  'a tag': `auth: { type: bearer, token: !${CANARY} x }`,
  'a reserved character': `auth: { type: bearer, token: "@", password: @${CANARY} }`,
  'a second colon': `description: ${CANARY}: ${CANARY}`,
  'a key twice': `metadata: { "Bearer ${CANARY}": x, "Bearer ${CANARY}": y }`,
  'a mark that is no variable': `auth: { type: bearer, token: "\${${CANARY} }" }`,
  'an unclosed mark': `auth: { type: bearer, token: "\${${CANARY}" }`,
  'text around a missing variable': `auth: { type: bearer, token: "${CANARY}\${MISSING}" }`,
  'the default of a variable': `port: "\${MISSING:-${CANARY}}"`,
  'a mask': `auth: { type: bearer, token: "[secret]", headers: "${CANARY}" }`,
  'a health path': `health_check: { path: "https://me:${CANARY}@example.com/" }`,
  'a text for limits': `limits: "https://me:${CANARY}@example.com/"`,
};

describe('a mistake at a place where a secret may stand', () => {
  it.each(Object.entries(WRONG))('is named with line and column, and does not repeat it: %s', (_name, line) => {
    const problems = problemsOf(`connectors:\n  - id: a\n    kind: echo\n    ${line}\n`);
    expect(problems.length).toBeGreaterThan(0);
    expect(problems[0]).toMatch(/^4:\d+: /);
    expect(problems.join('\n')).not.toContain(CANARY);
  });

  it('is not repeated where it stands for a whole connector, a profile or the file', () => {
    const texts = [
      `connectors: Bearer ${CANARY}`,
      `connectors: ["https://me:${CANARY}@example.com"]`,
      `connectors:\n  - Bearer:${CANARY}\n`,
      `profiles: { p: "https://me:${CANARY}@example.com" }`,
      `profiles: { p: { kind: echo, secrets: ${CANARY} } }`,
      `profiles: { p: { kind: echo, secrets: { token: ${CANARY} } } }`,
      `"Bearer ${CANARY}": x`,
      `https://me:${CANARY}@example.com`,
    ];
    for (const text of texts) {
      const problems = problemsOf(text);
      expect(problems.length).toBeGreaterThan(0);
      expect(problems.join('\n')).not.toContain(CANARY);
    }
  });
});
