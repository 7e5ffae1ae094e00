import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ConnectorAdapter } from '@automate/sdk';
import { eventually } from '@automate/tooling/eventually';
import { CliProject } from './cli/fixtures/cli-project.ts';
import { createScrubber } from '../src/secrets/scrubber.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';

/** Takes any settings. */
const TAKER = `
import { ConnectorAdapter } from '@automate/sdk';
export default class Taker extends ConnectorAdapter {
  name = 'taker';
  version = '1.0.0';
  async connect() { return true; }
  async execute(_action, payload) { return payload; }
}
`;

const say = async (it: SandboxHost, text: string, id = 'own'): Promise<string> =>
  JSON.stringify((await it.service.execute({ id, action: 'say', payload: { text } })).result);

describe('what a setting, an entry of metadata or a variable holds whose name sounds secret', () => {
  const YAML = `
connectors:
  - id: own
    kind: taker
    host: 127.0.0.1
    port: 9
    base_path: /hook/\${HOOK}/\${STAGE}
    metadata: { team: platform-team, api_token: cnry-metadata }
    settings:
      db_password: cnry-password
      apiKey: cnry-api-key
      nested: { accounts: [{ signing-key: cnry-signing }], token: [cnry-list] }
      greeting: \${GREETING_TOKEN}
      region: \${REGION}
      token_url: cnry-no-secret
`;
  const env = { HOOK: 'T0k3nShort', STAGE: 'production', GREETING_TOKEN: 'cnry-variable', REGION: 'eu-central-1' };
  const SECRETS = [
    'cnry-metadata',
    'cnry-password',
    'cnry-api-key',
    'cnry-signing',
    'cnry-list',
    'T0k3nShort',
    'cnry-variable',
  ];

  const openTaker = (yaml: string): Promise<SandboxHost> =>
    SandboxHost.open({
      kinds: [],
      yaml,
      env,
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'taker', source: TAKER })),
    });

  it('is shown nowhere and kept out of answers; what merely stands beside it is neither', async () => {
    await using it_ = await openTaker(YAML);
    await it_.service.describe('own');
    for (const secret of SECRETS) expect(await say(it_, `<${secret}>`)).toContain('<[secret]>');
    for (const word of ['production', 'eu-central-1', 'cnry-no-secret', 'platform-team'])
      expect(await say(it_, word)).toContain(word);
    const views = JSON.stringify([await it_.service.get('own'), await it_.service.list()]);
    for (const secret of SECRETS) expect(views).not.toContain(secret);
    for (const word of ['${GREETING_TOKEN}', '${REGION}', 'cnry-no-secret', 'platform-team', '/hook/${HOOK}'])
      expect(views).toContain(word);
  });

  it('is known anew when the configuration is read again', async () => {
    await using it_ = await openTaker('connectors: [{ id: own, kind: taker }]');
    expect(await say(it_, 'cnry-variable')).toContain('cnry-variable');
    await it_.writeConfig(YAML);
    await it_.host.reload();
    expect(await say(it_, 'cnry-variable')).not.toContain('cnry-variable');
  });
});

describe('a setting that is refused', () => {
  it('is kept out of what is said of it where its kind says that it is secret', async () => {
    const source = TAKER.replace(
      'async connect',
      `configSchema = {
        jsonSchema: { type: 'object', properties: { pin: { type: 'string', writeOnly: true } } },
        schema: { '~standard': { version: 1, vendor: 'test', validate: ({ pin }) => ({ issues: [{ message: 'not ' + pin, path: ['pin'] }] }) } },
      };
      async connect`,
    );
    await using it_ = await SandboxHost.open({
      kinds: [],
      serve: false,
      prepare: async (sandbox) => void (await sandbox.addConnector({ kind: 'taker', source })),
    });
    const refused = it_.service.register({ id: 'own', kind: 'taker', settings: { pin: 'cnry-refused' } });
    await expect(refused).rejects.toMatchObject({ problems: [{ path: 'settings.pin', message: 'not [secret]' }] });
  });
});

describe('the secret of a connector that is gone', () => {
  const TOKEN = 'cnry-of-one-that-goes';
  const entry = `{ id: gone, kind: echo, auth: { type: bearer, token: ${TOKEN} } }`;

  it.each([
    ['removed from the file', `connectors: [{ id: own, kind: echo }, ${entry}]`],
    ['removed over the API', 'connectors: [{ id: own, kind: echo }]'],
  ])('is a word like any other, once its last calls have ended: %s', async (how, yaml) => {
    await using it_ = await SandboxHost.open({ kinds: ['echo'], yaml, scrubber: createScrubber({ lingerMs: 0 }) });
    if (how.endsWith('API'))
      await it_.service.register({ id: 'gone', kind: 'echo', auth: { type: 'bearer', token: TOKEN } });
    await it_.service.test('gone');
    expect(await say(it_, TOKEN)).toContain('[secret]');
    if (how.endsWith('API')) await it_.service.remove('gone');
    else {
      await it_.writeConfig('connectors: [{ id: own, kind: echo }]');
      await it_.host.reload();
    }
    await eventually(async () => (await say(it_, TOKEN)).includes(TOKEN));
  });
});

describe('a secret in base64 that is broken into lines', () => {
  it.each([
    ['mail', 76, '\r\n'],
    ['PEM', 64, '\n'],
  ])(
    'is found as %s has it, also where the line ends are escaped, and leaves what stands beside it',
    (_of, length, end) => {
      const scrubber = createScrubber();
      const secret = 'cnry/of+several&lines:that-goes-on-and-on-until-the-line-is-full-4711';
      scrubber.learn('own', [secret]);
      const encoded = Buffer.from(`${'before'.repeat(12)}${secret}${'behind'.repeat(12)}`).toString('base64');
      const wrapped = encoded.replaceAll(new RegExp(`.{${length}}`, 'g'), (line) => line + end);
      for (const text of [wrapped, JSON.stringify(wrapped), JSON.stringify({ inner: JSON.stringify({ wrapped }) })]) {
        const scrubbed = scrubber.scrubText(text);
        expect(scrubbed).toContain('[secret]');
        for (const { 0: line } of wrapped.slice(length + end.length, -2 * length).matchAll(/\S{40,}/g))
          expect(scrubbed).not.toContain(line);
        expect(scrubbed).toContain(encoded.slice(0, length));
      }
      const innocent = `${'a'.repeat(80)}\n${'b'.repeat(80)}\n`;
      expect(scrubber.scrubText(innocent)).toBe(innocent);
    },
  );
});

describe('what the exporter of traces sends', () => {
  it('is kept out of the log, of answers and of refusals', async () => {
    const otlpEndpoint = 'http://ada:cnry-userinfo@127.0.0.1:9/?x=1';
    const env = { OTEL_EXPORTER_OTLP_HEADERS: 'x-team = cnry%2Fheader,authorization=Bearer cnry+bearer' };
    await using it_ = await SandboxHost.open({
      kinds: ['echo'],
      yaml: 'connectors: [{ id: own, kind: echo }]',
      env,
      flags: { otlpEndpoint },
    });
    for (const secret of ['cnry-userinfo', 'cnry/header', 'cnry+bearer'])
      expect(await say(it_, `<${secret}>`)).toContain('<[secret]>');
    await it_.host.close();
    expect(it_.logText).toContain('spans cannot be exported');
    expect(it_.logText).not.toContain('cnry');
    expect(it_.logText).toContain('"url":"http://127.0.0.1:9/v1/traces"');
    for (const wrong of ['ftp://ada:cnry@h', 'ada:cnry@h:4318', 'http://ada:cnry@[h/'])
      await expect(SandboxHost.open({ kinds: [], flags: { otlpEndpoint: wrong } })).rejects.toMatchObject({
        message: expect.not.stringContaining('cnry'),
      });
  });
});

class Forgetful extends ConnectorAdapter {
  readonly name = 'forgetful';
  readonly version = '1.0.0';
  get #token(): string {
    return this.context.config.auth.token?.reveal() ?? '';
  }
  async connect(): Promise<boolean> {
    return true;
  }
  override async healthCheck(): Promise<never> {
    throw new Error(`of health: ${this.#token}`);
  }
  override async execute(action: string): Promise<string> {
    this.context.logger.warn(`in the log: ${this.#token}`);
    if (action === 'fail') throw new Error(`in an error: ${this.#token}`);
    return `in a result: ${Buffer.from(this.#token).toString('base64')}`;
  }
}

describe("a connector that runs in the host's own thread", () => {
  it('gives its secrets away at no door', async () => {
    const token = 'cnry-of-a-class/+4711';
    await using it_ = await SandboxHost.open({
      kinds: [],
      register: [{ kind: 'forgetful', adapter: Forgetful, autoconfigure: true }],
      env: { https_proxy: 'http://ada:cnry-of-the-proxy@127.0.0.1:9' },
      yaml: `connectors: [{ id: own, kind: forgetful, auth: { type: bearer, token: ${token} } }]`,
    });
    const said: unknown[] = [];
    for (const id of ['own', 'forgetful'])
      for (const action of ['tell', 'fail'])
        said.push(await it_.service.execute({ id, action }).catch((error) => [error.toEnvelope(), error.stack]));
    said.push(await it_.service.healthCheckAll(), await it_.service.list(), await it_.service.get('own'));
    for (const path of ['/metrics', '/api/v1/connectors', '/openapi.json?connectors=true'])
      said.push(await (await fetch(`${it_.host.httpAddress}${path}`)).text());
    const everything = JSON.stringify(said) + it_.logText;
    expect(everything).toContain('in an error: [secret]');
    for (const secret of [token, Buffer.from(token).toString('base64').slice(0, -2)])
      expect(everything).not.toContain(secret);
  });
});

describe("the command line's last words", () => {
  it('hold no secret that the host knows', async () => {
    const token = 'cnry-of-a-fatal/+error';
    await using project = await CliProject.open({
      yaml: `connectors: [{ id: own, kind: echo, auth: { type: bearer, token: ${token} } }]`,
    });
    const fault = join(project.root, 'fault.mjs');
    await writeFile(
      fault,
      `import { isMainThread } from 'node:worker_threads';
if (isMainThread) process.on('SIGUSR2', () => { throw Object.assign(new Error('cause: ${token}'), { detail: ${JSON.stringify(encodeURIComponent(token))} }); });`,
    );
    await using host = await project.start({ env: { NODE_OPTIONS: `--import ${fault}` } });
    await project.automate(['execute', 'own', 'say', '--input', '{"text":"x"}']);
    host.kill('SIGUSR2');
    const { stderr } = await host.ended();
    expect(stderr).toMatch(/^fatal: .*: Error: cause: \[secret\]/m);
    expect(stderr).not.toContain('fatal/+');
    expect(stderr).not.toContain(encodeURIComponent(token));
  });
});
