import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { SandboxHost } from '../fixtures/sandbox-host.ts';
import { shown } from './fixtures/shown.ts';

const YAML = 'connectors:\n  - id: echo\n';
const ON = { AUDIT: 'on' };

describe('callers who may not', () => {
  const reader = { principal: { name: 'reader', scopes: ['read'] }, door: 'rest' } as const;

  it('are recorded with what they tried, once', async () => {
    await using sandbox = await SandboxHost.open({ yaml: YAML, env: ON });
    const { service } = sandbox;
    await expect(service.execute({ id: 'echo', action: 'say' }, reader)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    await expect(service.register({ id: 'mine', kind: 'echo' }, reader)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
    await expect(service.listAudit({}, reader)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    await expect(service.verifyAudit(undefined, reader)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    const caller = { ...reader, principal: { name: 'reader', scopes: ['execute'] } } as const;
    await expect(service.describeKind('echo', caller)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' });
    const { records } = await service.listAudit({ principal: 'reader' });
    expect(shown(records)).toEqual([
      {
        kind: 'execute',
        operation: 'execute',
        principal: 'reader',
        door: 'rest',
        connector: 'echo',
        action: 'say',
        code: 'PERMISSION_DENIED',
        attempts: 0,
        payloadSha256: expect.any(String),
      },
      {
        kind: 'change',
        operation: 'register',
        principal: 'reader',
        door: 'rest',
        connector: 'mine',
        code: 'PERMISSION_DENIED',
      },
      { kind: 'read', operation: 'listAudit', principal: 'reader', door: 'rest', code: 'PERMISSION_DENIED' },
      { kind: 'read', operation: 'verifyAudit', principal: 'reader', door: 'rest', code: 'PERMISSION_DENIED' },
      // No connector is called so.
      {
        kind: 'read',
        operation: 'describeKind',
        principal: 'reader',
        door: 'rest',
        subject: 'echo',
        code: 'PERMISSION_DENIED',
      },
    ]);
  });

  it('are recorded where they read, also who watches, and those who ask again and again are counted', async () => {
    await using sandbox = await SandboxHost.open({ yaml: YAML, env: ON });
    const { service } = sandbox;
    const nobody = { principal: { name: 'nobody', scopes: [] }, door: 'grpc' } as const;
    const denied = { code: 'PERMISSION_DENIED' };
    for (let round = 0; round < 50; round += 1) await expect(service.get('echo', nobody)).rejects.toMatchObject(denied);
    await expect(service.watch(nobody)[Symbol.asyncIterator]().next()).rejects.toMatchObject(denied);
    await sandbox.host.close();
    await using second = await sandbox.restart();
    const { records } = await second.service.listAudit({ principal: 'nobody' });
    const read = { kind: 'read', principal: 'nobody', door: 'grpc', code: 'PERMISSION_DENIED' };
    expect(shown(records)).toEqual([
      { ...read, operation: 'get', connector: 'echo' },
      { ...read, operation: 'watch' },
      { ...read, operation: 'get', connector: 'echo', subject: '49 more like this' },
    ]);
  });
});

it('callers who may not read what the doors answer by themselves, and calls that are refused again and again, are recorded and counted', async () => {
  await using sandbox = await SandboxHost.open({ yaml: YAML, env: ON });
  const { service, host } = sandbox;
  const { token } = await service.createToken({ name: 'ci', scopes: ['execute:other'] });
  const headers = { authorization: `Bearer ${token}` };
  for (const path of ['/metrics', '/openapi.json', '/openapi.json'])
    expect((await fetch(`${host.httpAddress}${path}`, { headers })).status).toBe(403);
  await expect(reflectionOf(host.grpcAddress ?? '', token)).rejects.toMatchObject({ code: 7 });
  await using remote = await connect({ address: host.grpcAddress ?? '', token });
  for (let round = 0; round < 20; round += 1)
    await expect(remote.execute({ id: 'echo', action: 'say', payload: { round } })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    });
  await host.close();
  await using second = await sandbox.restart();
  const { records } = await second.service.listAudit({ principal: 'ci', order: 'oldest' });
  const all = records.map(({ kind, operation, door, subject = '' }) => [kind, operation, door, subject].join(' '));
  expect(all).toEqual([
    'read metrics rest ',
    'read openapi rest ',
    'read reflection grpc ',
    'execute execute grpc ',
    'read openapi rest 1 more like this',
    'execute execute grpc 19 more like this',
  ]);
  expect(records.every(({ code }) => code === 'PERMISSION_DENIED')).toBe(true);
});

async function reflectionOf(address: string, token: string): Promise<unknown> {
  const client = new Client(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  const plain = (bytes: Buffer): Buffer => bytes;
  const path = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
  const call = client.makeBidiStreamRequest(path, plain, plain, metadata);
  try {
    call.write(Buffer.from([0x3a, 0]));
    call.end();
    return await call.toArray();
  } finally {
    client.close();
  }
}
