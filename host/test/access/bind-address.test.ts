import { networkInterfaces } from 'node:os';
import { get } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { CliProject } from '../cli/fixtures/cli-project.ts';

const ANYWHERE = { BIND_ADDRESS: '0.0.0.0', GRPC_PORT: '0', HTTP_PORT: '0', LOG_FORMAT: 'json' };
const outside = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

/** The status with which a request that names this host is answered. */
function statusFor(host: string, port: string, address = '127.0.0.1'): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get({ host: address, port, path: '/health/live', headers: { host } }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
  });
}

describe('a host that others may reach', () => {
  it('does not start without sign-in and TLS, and says what mends each', async () => {
    await using project = await CliProject.open({ yaml: 'connectors: []\n' });
    const { status, stderr } = await project.automate(['start'], { env: ANYWHERE });
    expect(status).toBe(78);
    expect(stderr).toContain('automate tokens create NAME --scope read');
    expect(stderr).toContain('TLS_CERT_FILE and TLS_KEY_FILE, or ALLOW_PLAINTEXT=true');
    const made = await project.automate([
      'tokens',
      'create',
      'ci',
      '--scope',
      'read',
      'execute:echo',
      '--expires',
      '90d',
    ]);
    expect(made).toMatchObject({ status: 0, stdout: expect.stringMatching(/^aut_[0-9a-f]{12}_[\w-]{43}\n$/) });
    const without = await project.automate(['start'], { env: ANYWHERE });
    expect(without.status).toBe(78);
    expect(without.stderr).not.toContain('tokens create');
    expect(without.stderr).toContain('ALLOW_PLAINTEXT=true');
    await using host = await project.start({
      env: { ...ANYWHERE, ALLOW_PLAINTEXT: 'true', ALLOWED_HOSTS: 'connectors.internal' },
    });
    expect(JSON.stringify(host.ready)).toContain('in clear text (ALLOW_PLAINTEXT)');
    const { port } = new URL(String(host.ready.http));
    expect(await statusFor('connectors.internal', port)).toBe(200);
    expect(await statusFor('Connectors.Internal:8080', port)).toBe(200);
    expect(await statusFor('elsewhere.example', port)).toBe(403);
    if (outside !== undefined) {
      expect(await statusFor(outside, port, outside)).toBe(200);
      // The connection came to another address.
      expect(await statusFor(outside, port)).toBe(403);
    }
    const list = (headers: object) => fetch(`http://127.0.0.1:${port}/api/v1/connectors`, { headers: { ...headers } });
    expect((await list({})).status).toBe(401);
    expect((await list({ authorization: `Bearer ${made.stdout.trim()}` })).status).toBe(200);
    // With the host running the command goes to it.
    const listed = JSON.parse((await project.automate(['tokens', 'list', '--json'])).stdout) as {
      tokens: { id: string }[];
    };
    await project.automate(['tokens', 'revoke', listed.tokens[0]?.id ?? '']);
    expect((await list({ authorization: `Bearer ${made.stdout.trim()}` })).status).toBe(401);
  });

  it.each([
    ['ALLOW_PLAINTEXT', 'yes'],
    ['ALLOWED_HOSTS', 'http://a.example/'],
  ])('says of %s what it may be', async (name, value) => {
    await using project = await CliProject.open({ yaml: 'connectors: []\n' });
    const { status, stderr } = await project.automate(['start'], {
      env: { [name]: value, GRPC_PORT: '0', HTTP_PORT: '0' },
    });
    expect([status, stderr]).toEqual([78, expect.stringContaining(name)]);
  });
});
