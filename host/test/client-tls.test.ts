import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@automate/client';
import type { ConnectOptions } from '@automate/client';
import { CONNECTORS_SERVICE } from '@automate/contract/grpc';
import { createCertificateAuthority } from '@automate/testing';
import { create } from '@bufbuild/protobuf';
import type { sendUnaryData, ServerUnaryCall } from '@grpc/grpc-js';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { CliProject } from './cli/fixtures/cli-project.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';
import { TlsFiles } from './transports/fixtures/tls-files.ts';

const YAML = 'connectors:\n  - id: echo\n';
const SAY = { id: 'echo', action: 'say', payload: { text: 'hi' } };

/** Connects, lists, and closes again; gives what was listed. */
async function list(options: ConnectOptions): Promise<readonly string[]> {
  await using service = await connect({ env: {}, ...options });
  return (await service.list()).map(({ id }) => id);
}

describe('a client of a host with TLS', () => {
  const files = new TlsFiles();
  const caFile = files.write('ca.pem', files.authority.cert);
  let it_: SandboxHost;
  let address: string;
  beforeAll(async () => {
    it_ = await SandboxHost.open({ yaml: YAML, env: files.env });
    address = `grpcs://${it_.host.grpcAddress}`;
  });
  afterAll(async () => {
    await it_?.[Symbol.asyncDispose]();
    files[Symbol.dispose]();
  });

  it('calls it by grpcs://, with files from the options or the environment', async () => {
    await using service = await connect({ address, tls: { caFile }, env: {} });
    expect(await service.execute(SAY)).toMatchObject({ result: { text: 'hi' } });
    const watch = service.watch()[Symbol.asyncIterator]();
    expect((await watch.next()).done).toBe(false);
    await watch.return?.();
    const env = { CONNECTORS_SERVICE_ADDR: address, CONNECTORS_SERVICE_CA_FILE: caFile };
    expect(await list({ env })).toEqual(['echo']);
  });

  it('is the command line as well, which prints nothing besides', async () => {
    await using project = await CliProject.open();
    const env = { CONNECTORS_SERVICE_CA_FILE: caFile };
    const { status, stdout, stderr } = await project.automate(['connectors', 'list', '--json', '--address', address], {
      env,
    });
    expect([status, stderr]).toEqual([0, '']);
    expect(JSON.parse(stdout)).toMatchObject({ connectors: [{ id: 'echo' }] });
    const failed = await project.automate(['connectors', 'list', '--address', address]);
    expect([failed.status, failed.stderr]).toEqual([69, expect.stringContaining('CONNECTORS_SERVICE_CA_FILE')]);
  });

  it('finds it by its data directory without the socket, too', async () => {
    const project = { cwd: it_.sandbox.root, env: { CONNECTORS_SERVICE_CA_FILE: caFile } };
    const socket = it_.host.socketPath ?? '';
    renameSync(socket, `${socket}.away`);
    try {
      expect(await list(project)).toEqual(['echo']);
    } finally {
      renameSync(`${socket}.away`, socket);
    }
  });

  it.each<readonly [what: string, options: () => ConnectOptions, reason: string, said: RegExp]>([
    [
      'that does not know its authority',
      () => ({ address }),
      'tls_certificate',
      /not issued by an authority that this client trusts \(\w+\): give .*CONNECTORS_SERVICE_CA_FILE \(`tls\.caFile`\)/,
    ],
    [
      'that trusts another authority of that name',
      () => ({ address, tls: { caFile: files.write('other.pem', createCertificateAuthority('Server CA').cert) } }),
      'tls_certificate',
      /not issued by an authority/,
    ],
    [
      'that wants another name',
      () => ({ address, tls: { caFile, serverName: 'other.test' } }),
      'tls_certificate',
      /is for DNS:localhost, IP Address:127\.0\.0\.1, and not for other\.test/,
    ],
    [
      'that calls without TLS',
      () => ({ address: address.slice('grpcs://'.length) }),
      'tls_required',
      /speaks TLS: call "grpcs:\/\/127\.0\.0\.1:\d+"/,
    ],
  ])('%s is told so', async (_what, options, reason, said) => {
    await expect(list(options())).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      retryable: false,
      message: expect.stringMatching(said),
      details: { reason },
    });
  });

  it('is told that the certificate has expired, and who must act', async () => {
    using expiring = new TlsFiles();
    const ca = expiring.write('ca.pem', expiring.authority.cert);
    expiring.put(expiring.authority.issue({ notAfter: new Date(Date.now() + 3_000) }));
    await using other = await SandboxHost.open({ yaml: YAML, env: expiring.env });
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    await expect(list({ address: `grpcs://${other.host.grpcAddress}`, tls: { caFile: ca } })).rejects.toMatchObject({
      details: { reason: 'tls_certificate' },
      message: expect.stringMatching(
        /expired on \d{4}-\d\d-\d\d: whoever runs it must put a new one into its TLS_CERT_FILE/,
      ),
    });
  });

  it('can ask for a name in place of the address', async () => {
    expect(await list({ address, tls: { caFile, serverName: 'localhost' } })).toEqual(['echo']);
    expect(await list({ address: address.replace('127.0.0.1', 'localhost'), tls: { caFile } })).toEqual(['echo']);
  });

  it.each<readonly [what: string, tls: ConnectOptions['tls'], said: RegExp]>([
    [
      'a file that is not there',
      { caFile: '/none.pem' },
      /`tls\.caFile` \(CONNECTORS_SERVICE_CA_FILE\): \/none\.pem cannot be read \(ENOENT\)/,
    ],
    [
      'a certificate without its key',
      { certFile: files.certFile },
      /`tls\.keyFile` \(CONNECTORS_SERVICE_KEY_FILE\) is missing/,
    ],
    ['a key of another certificate', { certFile: caFile, keyFile: files.keyFile }, /cannot be used for TLS/],
  ])('%s is refused before anything is called', async (_what, tls, said) => {
    await expect(list({ address, ...(tls === undefined ? {} : { tls }) })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(said),
    });
  });
});

it('a host without TLS that is called by grpcs:// is told of', async () => {
  await using it_ = await SandboxHost.open({ yaml: YAML });
  await expect(list({ address: `grpcs://${it_.host.grpcAddress}` })).rejects.toMatchObject({
    details: { reason: 'tls_not_spoken' },
    message: expect.stringMatching(/does not speak TLS: call "127\.0\.0\.1:\d+" without "grpcs:\/\/"/),
  });
  await expect(list({ address: it_.host.grpcAddress ?? '', tls: { caFile: 'x' } })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});

describe('a token', () => {
  const files = new TlsFiles();
  const caFile = files.write('ca.pem', files.authority.cert);
  const seen: string[] = [];
  const servers: Server[] = [];
  afterAll(() => {
    for (const server of servers) server.forceShutdown();
    files[Symbol.dispose]();
  });

  /** A service that notes what its callers say that they are. */
  async function serve(address: string, credentials: ServerCredentials): Promise<number> {
    const { listConnectors } = CONNECTORS_SERVICE;
    const server = new Server();
    servers.push(server);
    server.addService(
      { listConnectors },
      {
        listConnectors: ({ metadata }: ServerUnaryCall<unknown, unknown>, callback: sendUnaryData<unknown>) => {
          seen.push(metadata.get('authorization').join());
          callback(null, create(listConnectors.output));
        },
      },
    );
    return new Promise((resolve, reject) => {
      server.bindAsync(address, credentials, (error, port) => (error === null ? resolve(port) : reject(error)));
    });
  }

  const sentTo = async (options: ConnectOptions): Promise<string | undefined> => {
    seen.length = 0;
    await list(options);
    return seen[0];
  };

  it('is sent with each call over TLS and to this machine, and not to a socket with a path', async () => {
    const port = await serve('127.0.0.1:0', ServerCredentials.createInsecure());
    const { key, cert } = files.authority.issue();
    const secure = await serve(
      '127.0.0.1:0',
      ServerCredentials.createSsl(null, [{ private_key: Buffer.from(key), cert_chain: Buffer.from(cert) }]),
    );
    const path = join(files.directory, 'a.sock');
    await serve(`unix:${path}`, ServerCredentials.createInsecure());
    expect(await sentTo({ address: `127.0.0.1:${port}`, token: 'aut_1_x' })).toBe('Bearer aut_1_x');
    expect(
      await sentTo({
        address: `grpcs://127.0.0.1:${secure}`,
        tls: { caFile },
        env: { CONNECTORS_SERVICE_TOKEN: 'aut_2_y\n' },
      }),
    ).toBe('Bearer aut_2_y');
    expect(await sentTo({ address: `unix:${path}`, token: 'aut_1_x' })).toBe('');
    expect(await sentTo({ address: `127.0.0.1:${port}` })).toBe('');
  });

  it('does not travel in clear to another machine unless that is asked for', async () => {
    const refused = {
      code: 'CONFIG_INVALID',
      blame: 'caller',
      details: { reason: 'token_in_clear' },
      message: expect.stringMatching(/call "grpcs:\/\/192\.0\.2\.1:5"/),
    };
    await expect(list({ address: '192.0.2.1:5', token: 'aut_1_x' })).rejects.toMatchObject(refused);
    await expect(
      list({ env: { CONNECTORS_SERVICE_ADDR: '192.0.2.1:5', CONNECTORS_SERVICE_TOKEN: 'x' } }),
    ).rejects.toMatchObject(refused);
    const asked = { address: '192.0.2.1:5', token: 'x', connectTimeoutMs: 200 };
    await expect(list({ ...asked, allowPlaintext: true })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await expect(list({ ...asked, env: { CONNECTORS_SERVICE_ALLOW_PLAINTEXT: 'true' } })).rejects.toMatchObject({
      code: 'UNAVAILABLE',
    });
  });

  it('that no header can carry is refused, and not shown', async () => {
    const failure = await list({ address: '127.0.0.1:1', token: 'secret\nvalue' }).catch((error: Error) => error);
    expect(failure).toMatchObject({ code: 'CONFIG_INVALID', message: expect.stringContaining('copy it once more') });
    expect(String((failure as Error).message)).not.toContain('value');
  });
});
