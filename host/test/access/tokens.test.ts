import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from '@jest/globals';
import type { ConnectorError } from '@automate/contract';
import { errorFromStatus } from '@automate/contract/grpc';
import type { ServiceError } from '@grpc/grpc-js';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { createHost } from '../../dist/create-host.js';
import { askRest } from './fixtures/ask-doors.ts';
import { ServedHost } from './fixtures/served-host.ts';

const bytes = (value: Buffer): Buffer => value;
const LIST = 'GET /api/v1/connectors';

/** Watches over gRPC. Gives what tells that events come, and how the stream ends. */
function watch(
  address: string,
  token?: string,
): { readonly seen: Promise<void>; readonly ended: Promise<ConnectorError> } {
  const client = new Client(address, credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const path = '/connectors.ConnectorsService/WatchConnectors';
  const stream = client.makeServerStreamRequest(path, bytes, bytes, Buffer.alloc(0), metadata, {
    deadline: Date.now() + 20_000,
  });
  const seen = new Promise<void>((resolve) => stream.once('data', resolve));
  const ended = new Promise<ConnectorError>((resolve) =>
    stream.on('error', (error: ServiceError) => resolve(errorFromStatus(error, { address, method: 'watch' }))),
  ).finally(() => client.close());
  return { seen, ended };
}

describe('a token', () => {
  it('is made, listed without what it is, and revoked, over REST', async () => {
    await using served = await ServedHost.open();
    const { httpAddress = '' } = served.host;
    const send = async (line: string, authorization: string | undefined, body?: string) => {
      const [method = '', path = ''] = line.split(' ');
      const headers = {
        ...(authorization === undefined ? {} : { authorization }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      };
      const response = await fetch(`${httpAddress}/api/v1${path}`, {
        method,
        headers,
        ...(body === undefined ? {} : { body }),
      });
      return { status: response.status, json: (await response.json()) as Record<string, unknown> };
    };
    // Nobody is asked until there is one.
    const made = await send(
      'POST /tokens',
      undefined,
      '{"name":"root","scopes":["admin","read","read"],"expires":"90d"}',
    );
    expect(made).toMatchObject({
      status: 201,
      json: { name: 'root', scopes: ['admin', 'read'], token: expect.stringMatching(/^aut_[0-9a-f]{12}_[\w-]{43}$/) },
    });
    const { token, id, expires_at: expiresAt } = made.json;
    expect(Date.parse(String(expiresAt)) - Date.now()).toBeGreaterThan(89 * 86_400_000);
    const authorization = `Bearer ${String(token)}`;
    expect((await send('GET /tokens', undefined)).status).toBe(401);
    const { json: list } = await send('GET /tokens', authorization);
    expect(list).toMatchObject({ count: 1, tokens: [{ id, name: 'root' }] });
    expect(JSON.stringify(list)).not.toContain(String(token).slice(-43));
    expect(await send(`DELETE /tokens/${String(id)}`, authorization)).toMatchObject({ status: 200 });
    expect(await send('GET /tokens', authorization)).toMatchObject({
      status: 401,
      json: { details: { reason: 'token_revoked' } },
    });
    // Who once asked callers to sign in goes on asking.
    expect((await send('GET /connectors', undefined)).status).toBe(401);
  });

  it.each<[string, object, string]>([
    ['without a name', { scopes: ['read'] }, 'name'],
    ['with a name that would forge records', { name: 'a\nb', scopes: ['read'] }, 'name'],
    ['that would pass for this user', { name: 'local', scopes: ['read'] }, 'name'],
    ['without scopes', { name: 'a', scopes: [] }, 'scopes'],
    ['with a scope that there is not', { name: 'a', scopes: ['read', 'write'] }, 'scopes[1]'],
    ['for a connector that there cannot be', { name: 'a', scopes: ['execute:X'] }, 'scopes[0]'],
    ['that has expired already', { name: 'a', scopes: ['read'], expiresInMs: 0 }, 'expires'],
    ['for longer than ten years', { name: 'a', scopes: ['read'], expiresInMs: 4000 * 86_400_000 }, 'expires'],
  ])('%s is not made', async (_what, request, path) => {
    await using served = await ServedHost.open();
    await expect(served.service.createToken(request as never)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      problems: [{ path }],
    });
    expect(await served.service.listTokens()).toEqual([]);
  });

  it('stands nowhere in the data directory, and counts again after a restart, unless it was revoked', async () => {
    await using served = await ServedHost.open();
    const token = await served.token('read');
    const files = readdirSync(join(served.root, '.automate'), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(1);
    for (const file of files)
      expect(readFileSync(join(file.parentPath, file.name)).includes(token.slice(-43))).toBe(false);
    const gone = await served.service.createToken({ name: 'gone', scopes: ['read'] });
    await served.service.revokeToken(gone.id);
    await served.restart();
    expect((await askRest(served.host.httpAddress ?? '', LIST, { authorization: `Bearer ${token}` })).status).toBe(200);
    expect(
      (await askRest(served.host.httpAddress ?? '', LIST, { authorization: `Bearer ${gone.token}` })).error,
    ).toMatchObject({ code: 'UNAUTHENTICATED', details: { reason: 'token_revoked' } });
    expect((await askRest(served.host.httpAddress ?? '', LIST, {})).status).toBe(401);
  });
});

describe('tokens of a data directory that a host serves', () => {
  it('are changed by that host alone, which has to know of it', async () => {
    await using served = await ServedHost.open();
    const { id } = await served.service.createToken({ name: 'ci', scopes: ['read'] });
    const settings = { cwd: served.root, env: {}, serve: false, logTo: new PassThrough().resume() };
    const beside = await createHost(settings);
    const refused = { code: 'UNAVAILABLE', effect: 'none' };
    await expect(beside.service.createToken({ name: 'new', scopes: ['read'] })).rejects.toMatchObject(refused);
    await expect(beside.service.revokeToken(id)).rejects.toMatchObject(refused);
    await beside.close();
    expect(await served.service.listTokens()).toMatchObject([{ id, name: 'ci' }]);
    expect((await served.service.listTokens())[0]).not.toHaveProperty('revokedAt');
  });
});

describe('a stream', () => {
  it('ends when its token is revoked', async () => {
    await using served = await ServedHost.open();
    const { token, id } = await served.service.createToken({ name: 'ci', scopes: ['read'] });
    const { seen, ended } = watch(served.host.grpcAddress ?? '', token);
    await seen;
    await served.service.revokeToken(id);
    expect(await ended).toMatchObject({ code: 'UNAUTHENTICATED', details: { reason: 'token_revoked' } });
  });

  it('ends when its token expires', async () => {
    await using served = await ServedHost.open();
    const { token } = await served.service.createToken({ name: 'ci', scopes: ['read'], expiresInMs: 1500 });
    const { seen, ended } = watch(served.host.grpcAddress ?? '', token);
    await seen;
    expect(await ended).toMatchObject({ code: 'UNAUTHENTICATED', details: { reason: 'token_expired' } });
  });

  it('ends when it was opened before callers were asked to sign in; those of this user go on', async () => {
    await using served = await ServedHost.open();
    const anyone = watch(served.host.grpcAddress ?? '');
    const own = watch(`unix:${served.host.socketPath}`);
    await Promise.all([anyone.seen, own.seen]);
    const { id } = await served.service.createToken({ name: 'ci', scopes: ['read'] });
    expect(await anyone.ended).toMatchObject({ code: 'UNAUTHENTICATED', details: { reason: 'no_credentials' } });
    await served.service.revokeToken(id);
    expect(await Promise.race([own.ended, Promise.resolve('goes on')])).toBe('goes on');
  });
});
