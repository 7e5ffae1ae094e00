import { join } from 'node:path';
import type { ConnectorError, JsonObject } from '@automate/contract';
import { FakeService } from '@automate/testing';
import { expect, it } from '@jest/globals';
import { SandboxHost } from './fixtures/sandbox-host.ts';

const HTTP = join(import.meta.dirname, '..', '..', 'plugins', 'http');

it('what a caller puts into host, path, header or method is refused or encoded, and the server sees clean requests', async () => {
  await using service = await FakeService.start();
  service.on('GET', /./, { json: {} });
  service.on('HEAD', /./, {});
  const { port } = service.endpoint;
  await using host = await SandboxHost.open({
    kinds: [],
    yaml: `plugins: { scan: all }\nconnectors: [{ id: web, kind: http, host: 127.0.0.1, port: ${port}, base_path: /base, health_check: { enabled: false } }]\n`,
    prepare: (sandbox) => sandbox.linkPackage('@automate/connector-http', HTTP),
  });
  const failure = (payload: JsonObject): Promise<ConnectorError | undefined> =>
    host.service.execute({ id: 'web', action: 'request', payload }).then(
      () => undefined,
      (error: ConnectorError) => error,
    );
  const attempts: readonly JsonObject[] = [
    { path: '/a\r\nX-Evil: 1' },
    { path: '/a HTTP/1.1\r\nHost: evil.test\r\n\r\nGET /b' },
    { path: '/a\nb' },
    { path: '/a\0b' },
    { path: '../secret' },
    { path: '/../secret' },
    { path: '/x/../../secret' },
    { path: '/%2e%2e/secret' },
    { path: '/..\\secret' },
    { path: `http://127.0.0.1:${port}/secret` },
    { path: 'http://evil.test/base/' },
    { path: 'file:///etc/passwd' },
    { path: 'gopher://127.0.0.1:6379/_INFO' },
    { path: `http://evil.test#@127.0.0.1:${port}/base/` },
    { path: `http://127.0.0.1:${port}@evil.test/base/` },
    { path: '/', headers: { 'x-a': 'b\r\nX-Evil: 1' } },
    { path: '/', headers: { 'x-a: b\r\nX-Evil': '1' } },
    { path: '/', headers: { host: 'evil.test' } },
    { path: '/', headers: { 'transfer-encoding': 'chunked' } },
    { path: '/', method: 'GET / HTTP/1.1\r\nX-Evil: 1\r\n\r\nGET' },
    { path: '/', method: 'G\rET' },
  ];
  for (const payload of attempts) {
    const error = await failure(payload);
    expect([payload, error]).toEqual([payload, expect.objectContaining({ code: 'INVALID_INPUT', effect: 'none' })]);
  }
  const hosts = [`127.0.0.1\r\nX-Evil: 1`, 'user@127.0.0.1', '127.0.0.1/../x', '127.0.0.1#', 'a b', '127.0.0.1:80'];
  for (const name of hosts)
    await expect(host.service.register({ id: 'evil', kind: 'http', host: name, port })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [expect.objectContaining({ path: 'host' })],
    });
  // What is encoded is one request, and says what was said.
  expect(await failure({ path: '/a%0d%0aX-Evil:%201/ü?q=%0d%0a' })).toBeUndefined();
  const asked = service.requests.filter(({ target }) => target !== '/base' && target !== '/base/');
  expect(asked.map(({ target, headers }) => [target, headers['x-evil'], headers['host']])).toEqual([
    ['/base/a%0d%0aX-Evil:%201/%C3%BC?q=%0d%0a', undefined, `127.0.0.1:${port}`],
  ]);
});
