import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const CANARY = 'canary/Secret+value 4711';
const FILE_CANARY = 'file-canary-0815-secret';
const FORMS = [
  CANARY,
  encodeURIComponent(CANARY),
  Buffer.from(CANARY).toString('base64'),
  FILE_CANARY,
  Buffer.from(FILE_CANARY).toString('base64'),
];

const YAML = `
connectors:
  - { id: own, kind: echo, auth: { type: bearer }, profile: prod }
  - { id: other, kind: echo }
  - { id: filed, kind: echo, auth: { type: bearer, token: secretref://file/team/token } }
  - { id: broken, kind: echo, auth: { type: bearer, token: secretref://env/default/NOT_THERE }, retry: { attempts: 1 } }
profiles:
  prod: { kind: echo, environment: prod, secrets: { token: secretref://env/default/CANARY } }
`;

function open(): Promise<SandboxHost> {
  return SandboxHost.open({
    yaml: YAML,
    env: { CANARY, SECRETS_DIR: 'secrets', HOST_SECRET: 'host-only-secret' },
    prepare: async ({ root }) => {
      await mkdir(join(root, 'secrets', 'team'), { recursive: true });
      await writeFile(join(root, 'secrets', 'team', 'token'), `${FILE_CANARY}\n`, { mode: 0o600 });
    },
  });
}

describe('a secret of a profile', () => {
  it('reaches the connector that uses it, and appears in no answer, error, log or metric', async () => {
    await using it = await open();
    const remote = await connect({ address: it.host.grpcAddress ?? '' });
    const answers: unknown[] = [];
    for (const service of [it.service, remote]) {
      for (const id of ['own', 'filed']) {
        for (const how of ['answer', 'log', 'throw']) {
          answers.push(
            await service
              .execute({ id, action: 'leak', payload: { how } })
              .catch((error) => ({ error, envelope: error.toEnvelope(), text: String(error.stack) })),
          );
        }
        answers.push(
          await service.get(id),
          await service.describe(id),
          await service.test(id),
          await service.healthCheck(id),
        );
      }
      answers.push(await service.list(), await service.plugins());
    }
    await remote.close();
    for (const path of [
      '/metrics',
      '/openapi.json',
      '/api/v1/connectors',
      '/api/v1/connectors/own',
      '/api/v1/connectors/own/health',
    ]) {
      answers.push(await (await fetch(`${it.host.httpAddress}${path}`)).text());
    }
    // It did have the secret: masked, not absent.
    expect(answers[0]).toMatchObject({ result: { secret: '[secret]', base64: '[secret]' } });
    const everything = JSON.stringify(answers) + it.logText;
    for (const form of FORMS) expect(everything).not.toContain(form);
    expect(it.logText).toContain('token is [secret]');
  });

  it('and the rest of the host environment stay out of every worker', async () => {
    await using it = await open();
    for (const id of ['own', 'other']) {
      const { result } = await it.service.execute({ id, action: 'leak', payload: {} });
      expect((result as { env: Record<string, string> }).env).toEqual({});
    }
  });

  it('that cannot be resolved keeps its connector from starting, with CONFIG_INVALID that names the field and the reference', async () => {
    await using it = await open();
    await expect(it.service.execute({ id: 'broken', action: 'say', payload: { text: 'x' } })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      connector: 'broken',
      message: expect.stringMatching(/auth\.token.*secretref:\/\/env\/default\/NOT_THERE/),
    });
    await expect(it.service.healthCheck('broken')).resolves.toMatchObject({
      status: 'unhealthy',
      message: expect.stringMatching(/^configuration invalid/),
    });
    await expect(it.service.execute({ id: 'other', action: 'say', payload: { text: 'x' } })).resolves.toMatchObject({
      result: { text: 'x' },
    });
  });
});

describe('a parameter of a token request', () => {
  it('is shown as it was written where that says where it is, and not at all else', async () => {
    const auth = '{ type: oauth2, token_url: "http://127.0.0.1:9/", client_id: me, client_secret: "${CANARY}"';
    await using it = await SandboxHost.open({
      yaml: `
connectors:
  - id: own
    kind: echo
    auth: ${auth}, token_params: { assertion: ${FILE_CANARY}, resource: "\${CANARY}" } }
`,
      env: { CANARY },
    });
    const { config } = await it.service.get('own');
    expect(config.auth.tokenParams).toStrictEqual({ assertion: '[secret]', resource: '${CANARY}' });
    expect(JSON.stringify([await it.service.list(), config])).not.toContain(FILE_CANARY);
  });
});
