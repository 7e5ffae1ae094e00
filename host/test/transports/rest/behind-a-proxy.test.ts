import { request } from 'node:http';
import { expect, it } from '@jest/globals';
import { SandboxHost } from '../../fixtures/sandbox-host.ts';
import { callServer } from './fixtures/open-rest.ts';

const NAME = 'connectors.example.com';

/** What a page is answered that a browser loaded from this origin, by a proxy that ends TLS and hands the request on. */
function statusFor(port: string, origin: string, host = NAME): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/api/v1/connectors', headers: { host, origin } },
      (answer) => {
        answer.resume();
        resolve(answer.statusCode);
      },
    );
    sent.on('error', reject).end();
  });
}

it.each<readonly [setting: string, headers: Readonly<Record<string, string>>, shown: string]>([
  ['true', { host: NAME, 'sec-fetch-site': 'none' }, `https://${NAME}/api/v1/connectors`],
  ['true', { host: NAME, 'x-forwarded-proto': 'https' }, `http://${NAME}/api/v1/connectors`],
  ['true', { host: 'localhost', 'sec-fetch-site': 'none' }, 'http://localhost/api/v1/connectors'],
  ['false', { host: NAME, 'sec-fetch-site': 'none' }, `http://${NAME}/api/v1/connectors`],
])(
  'with ALLOW_PLAINTEXT=%s the pages at /docs name, to who sends %j, the address %s',
  async (setting, headers, shown) => {
    await using it_ = await SandboxHost.open({
      kinds: [],
      env: { ALLOWED_HOSTS: NAME, ALLOW_PLAINTEXT: setting },
    });
    const { port } = new URL(it_.host.httpAddress ?? '');
    expect((await callServer(Number(port), 'GET /docs', { headers })).text).toContain(shown);
  },
);

it.each<readonly [setting: string | undefined, https: number]>([
  ['true', 200],
  [undefined, 403],
])('with ALLOW_PLAINTEXT=%s pages of the service itself that came by TLS are answered %i', async (setting, https) => {
  await using it_ = await SandboxHost.open({
    kinds: [],
    env: { ALLOWED_HOSTS: NAME, ...(setting === undefined ? {} : { ALLOW_PLAINTEXT: setting }) },
  });
  const { port } = new URL(it_.host.httpAddress ?? '');
  expect(await statusFor(port, `https://${NAME}`)).toBe(https);
  expect(await statusFor(port, `http://${NAME}`)).toBe(200);
  for (const other of [
    'https://evil.example.com',
    `https://${NAME}:8443`,
    `https://${NAME}.evil.test`,
    `wss://${NAME}`,
    'null',
  ])
    expect([other, await statusFor(port, other)]).toEqual([other, 403]);
  expect(await statusFor(port, 'https://evil.example.com', 'evil.example.com')).toBe(403);
});
