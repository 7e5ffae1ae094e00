import { once } from 'node:events';
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { diagnoseProject } from './cli/fixtures/diagnose-project.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';
import { TlsFiles } from './transports/fixtures/tls-files.ts';

const YAML = 'connectors:\n  - id: echo\n';
const portOf = (address = ''): number => Number(/:(\d+)$/.exec(address)?.[1]);
const doorsOf = ({ host }: SandboxHost): readonly (readonly [door: string, port: number])[] => [
  ['gRPC', portOf(host.grpcAddress)],
  ['REST', portOf(host.httpAddress)],
];

/** Connects and gives what was agreed upon; the connection stays. */
async function handshake(port: number, options: ConnectionOptions): Promise<TLSSocket> {
  const socket = connectTls({ port, host: '127.0.0.1', ...options });
  socket.on('error', () => undefined);
  await once(socket, 'secureConnect');
  return socket;
}

/** The name in the certificate that a new connection is shown. */
async function shownName(port: number, door: string): Promise<string | undefined> {
  const ALPNProtocols = [door === 'gRPC' ? 'h2' : 'http/1.1'];
  const socket = await handshake(port, { rejectUnauthorized: false, ALPNProtocols });
  const { CN } = socket.getPeerCertificate().subject;
  socket.destroy();
  return Array.isArray(CN) ? CN[0] : CN;
}

/** Everything that comes back for what was sent, until the connection ends. */
async function sendPlain(port: number, text: string): Promise<string> {
  const socket = connectTcp(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => undefined);
  socket.write(text);
  await once(socket, 'close');
  return Buffer.concat(chunks).toString('latin1');
}

/** Waits until the function gives what is wanted; fails with what it gave last. */
async function eventually<T>(read: () => Promise<T> | T, wanted: T): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const last = await read();
    if (last === wanted) return;
    if (Date.now() > deadline) return expect(last).toEqual(wanted);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a host with TLS', () => {
  const files = new TlsFiles();
  let it_: SandboxHost;
  beforeAll(async () => {
    it_ = await SandboxHost.open({ yaml: YAML, env: files.env });
  });
  afterAll(async () => {
    await it_?.[Symbol.asyncDispose]();
    files[Symbol.dispose]();
  });

  it('speaks it at both doors, and says so', async () => {
    expect(it_.host.httpAddress).toMatch(/^https:/);
    const [response] = (await once(
      get(`${it_.host.httpAddress}/api/v1/connectors`, { ca: files.authority.cert }),
      'response',
    )) as [{ statusCode: number }];
    expect(response.statusCode).toBe(200);
    const session = connectHttp2(`https://${it_.host.grpcAddress}`, { ca: files.authority.cert });
    await once(session, 'connect');
    expect(session.alpnProtocol).toBe('h2');
    session.destroy();
  });

  it('takes TLS 1.2 and 1.3, and nothing older', async () => {
    for (const [door, port] of doorsOf(it_)) {
      const ALPNProtocols = [door === 'gRPC' ? 'h2' : 'http/1.1'];
      for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
        const socket = await handshake(port, {
          ca: files.authority.cert,
          ALPNProtocols,
          minVersion: version,
          maxVersion: version,
        });
        expect(socket.getProtocol()).toBe(version);
        socket.destroy();
      }
      const old = handshake(port, {
        ca: files.authority.cert,
        ALPNProtocols,
        minVersion: 'TLSv1',
        maxVersion: 'TLSv1.1',
        ciphers: 'DEFAULT@SECLEVEL=0',
      });
      await expect(old).rejects.toMatchObject({ code: expect.stringMatching(/PROTOCOL/) });
    }
  });

  it('turns away who speaks without, at once and in their own protocol', async () => {
    const [[, grpc], [, rest]] = doorsOf(it_) as [[string, number], [string, number]];
    const started = performance.now();
    expect(await sendPlain(rest, 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 [\s\S]*this port speaks TLS: use https:\/\//,
    );
    expect(await sendPlain(grpc, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toContain('this port speaks TLS');
    expect(performance.now() - started).toBeLessThan(5_000);
    expect(it_.logText).toContain('speaks to gRPC without TLS and was turned away: have it call https:// or grpcs://');
  });

  it('closes what says nothing, or only half a handshake, and serves others meanwhile', async () => {
    for (const [, port] of doorsOf(it_)) {
      const half = Array.from({ length: 500 }, () => {
        const socket = connectTcp(port, '127.0.0.1');
        socket.on('error', () => undefined).once('connect', () => socket.write(Buffer.from([0x16, 0x03, 0x01])));
        return { socket, closed: once(socket, 'close') };
      });
      const response = once(
        get(`${it_.host.httpAddress}/api/v1/connectors`, { ca: files.authority.cert, agent: false }),
        'response',
      );
      expect(((await response) as [{ statusCode: number }])[0].statusCode).toBe(200);
      // Within 30 seconds; a jest's minute would end it otherwise.
      await Promise.all(half.map(({ closed }) => closed));
    }
  });
});

describe('the files of a running host', () => {
  it.each(['renamed over', 'written in place'])(
    'that are %s serve new connections, and old ones go on',
    async (way) => {
      using files = new TlsFiles();
      await using it_ = await SandboxHost.open({ yaml: YAML, env: files.env });
      const session = connectHttp2(`https://${it_.host.grpcAddress}`, { ca: files.authority.cert });
      await once(session, 'connect');
      const next = files.authority.issue({ commonName: 'next' });
      if (way === 'renamed over') files.put(next);
      else {
        writeFileSync(files.certFile, next.cert);
        writeFileSync(files.keyFile, next.key);
      }
      for (const [door, port] of doorsOf(it_)) await eventually(() => shownName(port, door), 'next');
      expect([session.closed, session.destroyed]).toEqual([false, false]);
      await new Promise<void>((resolve, reject) =>
        session.ping((error) => (error === null ? resolve() : reject(error))),
      );
      session.destroy();
    },
  );

  it('that lie behind a link serve once it leads elsewhere, as Kubernetes does it', async () => {
    using files = new TlsFiles();
    const first = join(files.directory, '..one');
    const second = join(files.directory, '..two');
    const put = (directory: string, commonName: string): void => {
      mkdirSync(directory);
      const { cert, key } = files.authority.issue({ commonName });
      writeFileSync(join(directory, 'tls.crt'), cert);
      writeFileSync(join(directory, 'tls.key'), key, { mode: 0o600 });
    };
    put(first, 'one');
    symlinkSync('..one', join(files.directory, '..data'));
    for (const name of ['tls.crt', 'tls.key']) symlinkSync(join('..data', name), join(files.directory, name));
    const env = { TLS_CERT_FILE: join(files.directory, 'tls.crt'), TLS_KEY_FILE: join(files.directory, 'tls.key') };
    await using it_ = await SandboxHost.open({ yaml: YAML, env });
    const port = portOf(it_.host.grpcAddress);
    expect(await shownName(port, 'gRPC')).toBe('one');
    put(second, 'two');
    symlinkSync('..two', join(files.directory, '..data_tmp'));
    renameSync(join(files.directory, '..data_tmp'), join(files.directory, '..data'));
    await eventually(() => shownName(port, 'gRPC'), 'two');
  });

  it('that are no pair any more leave the former one serving, which is said once, and told by doctor and metrics', async () => {
    using files = new TlsFiles();
    await using it_ = await SandboxHost.open({ yaml: YAML, env: files.env });
    const port = portOf(it_.host.httpAddress);
    files.write('server.pem', files.authority.issue({ commonName: 'half' }).cert);
    await eventually(
      () =>
        /the certificate from before still serves: TLS_CERT_FILE: expected the certificate of the key/.test(
          it_.logText,
        ),
      true,
    );
    expect(await shownName(port, 'REST')).toBe('test');
    files.write('server.pem', 'half a fi');
    await eventually(() => /TLS_CERT_FILE: expected certificates as PEM/.test(it_.logText), true);
    expect(await shownName(port, 'REST')).toBe('test');
    const [response] = (await once(
      get(`${it_.host.httpAddress}/metrics`, { ca: files.authority.cert }),
      'response',
    )) as [Readable];
    const text = (await response.toArray()).join('');
    expect(text).toMatch(/^automate_tls_files_usable 0$/m);
    const expires = Number(/^automate_tls_certificate_expires_seconds (\d+)$/m.exec(text)?.[1]);
    expect(Math.abs(expires * 1000 - Date.now() - 24 * 60 * 60 * 1000)).toBeLessThan(5 * 60 * 1000);
    const findings = await diagnoseProject(it_.sandbox.root, files.env);
    expect(findings.filter(({ check }) => check === 'TLS')).toEqual([
      expect.objectContaining({
        state: 'failed',
        message: expect.stringContaining('TLS_CERT_FILE: expected certificates as PEM'),
      }),
    ]);
    files.put(files.authority.issue({ commonName: 'whole' }));
    await eventually(() => shownName(port, 'REST'), 'whole');
  });
});
