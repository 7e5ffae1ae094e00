import { request } from 'node:http';
import { expect, it } from '@jest/globals';
import { askGrpc, askRest } from './fixtures/ask-doors.ts';
import { ServedHost } from './fixtures/served-host.ts';

const FORGED = '\u001b[31mroot\u001b[0m\u202e"}\\n{"level":60,"msg":"forged';

/** Sends headers that no client library would. */
function send(url: string, headers: Record<string, string>): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request(url, { headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    })
      .on('error', reject)
      .end();
  });
}

it('what callers are called, and say, forges no line of the log and no label of a metric', async () => {
  await using served = await ServedHost.open();
  const { httpAddress = '', grpcAddress = '' } = served.host;
  const root = `Bearer ${await served.token('admin')}`;
  for (const name of [FORGED, 'a\r\nb', '\u001b[2J', 'x'.repeat(10_000)])
    expect(
      (
        await askRest(httpAddress, 'POST /api/v1/tokens', {
          authorization: root,
          body: JSON.stringify({ name, scopes: ['read'] }),
        })
      ).status,
    ).toBe(400);
  for (let count = 0; count < 300; count += 1) {
    await askRest(httpAddress, `GET /api/v1/connectors/n${count}`, { authorization: `Bearer made-up-${count}` });
    await askGrpc(
      grpcAddress,
      { path: `/forged.Service/M${count}`, kind: 'unary' },
      { authorization: `made-up ${count}` },
    );
  }
  const latin1 = Buffer.from(FORGED).toString('latin1');
  const strange: readonly Record<string, string>[] = [
    { authorization: latin1 },
    { host: latin1 },
    { host: '\u009b31m.example' },
  ];
  for (const headers of strange)
    expect([400, 401, 403]).toContain(await send(`${httpAddress}/api/v1/connectors`, headers).catch(() => 400));
  const { method, path } = { method: 'GET', path: '/metrics' };
  const response = await fetch(httpAddress + path, { method, headers: { authorization: root } });
  const metrics = await response.text();
  expect(metrics).not.toContain('made-up');
  expect(metrics).not.toContain('forged');
  const lines = served.log.split('\n').filter((line) => line !== '');
  expect(lines.length).toBeGreaterThan(0);
  // Six hundred callers were turned away: two kinds at two doors.
  expect(lines.filter((line) => line.includes('sign_in_failed')).length).toBeLessThan(10);
  for (const line of lines) {
    expect(() => JSON.parse(line) as unknown).not.toThrow();
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u202e]/);
  }
});
