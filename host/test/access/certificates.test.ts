import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import type { ConnectorService } from '@automate/contract';
import type { KeyAndCertificate } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { CliProject } from '../cli/fixtures/cli-project.ts';
import { TlsFiles } from '../transports/fixtures/tls-files.ts';
import { ServedHost } from './fixtures/served-host.ts';

const BILLING = 'spiffe://test/billing';
const yaml = (scopes: string): string => `access:\n  clients:\n    "${BILLING}": ${scopes}\n`;

let files: TlsFiles;
let served: ServedHost;
beforeAll(async () => {
  files = new TlsFiles();
  served = await ServedHost.open({
    yaml: yaml('["execute:x"]'),
    env: { ...files.env, TLS_CLIENT_CA_FILE: files.clientCaFile },
  });
});
afterAll(async () => {
  await served?.[Symbol.asyncDispose]();
  files?.[Symbol.dispose]();
});

/** Opens the service as a program elsewhere does: with this certificate, or this token, or neither. */
function open(
  shown: { readonly pair?: KeyAndCertificate; readonly token?: string; readonly at?: ServedHost } = {},
): Promise<ConnectorService> {
  const put = (name: string, text: string): string => {
    const file = join(files.directory, name);
    writeFileSync(file, text);
    return file;
  };
  const { pair, token, at = served } = shown;
  const caFile = put('server-ca.pem', files.authority.cert);
  return connect({
    address: `grpcs://${at.host.grpcAddress}`,
    env: {},
    tls: {
      caFile,
      ...(pair === undefined ? {} : { certFile: put('caller.pem', pair.cert), keyFile: put('caller.key', pair.key) }),
    },
    ...(token === undefined ? {} : { token }),
  });
}

const billing = (): KeyAndCertificate => files.clients.issue({ hosts: ['billing.test', BILLING] });

describe('over TLS, with a client CA', () => {
  it('a certificate may do what access.clients says of one of its names', async () => {
    await using service = await open({ pair: billing() });
    expect((await service.list()).map(({ id }) => id)).toEqual(['x']);
    expect(await service.execute({ id: 'x', action: 'a' })).toMatchObject({ result: 'done' });
    await expect(service.execute({ id: 'y', action: 'a' })).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      message: expect.stringContaining(`"${BILLING}" lacks the scope execute:y/a`),
    });
    await expect(service.listTokens()).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
      details: { scope: 'admin' },
    });
  });

  it.each<[string, () => KeyAndCertificate | undefined, string, RegExp]>([
    ['none', () => undefined, 'no_credentials', /send a token/],
    [
      'one that the file does not name',
      () => files.clients.issue({ hosts: ['other.test'] }),
      'certificate_unknown',
      /has "other\.test".*access\.clients/,
    ],
    [
      'one that has expired',
      () => files.clients.issue({ hosts: [BILLING], notAfter: new Date(Date.now() - 1000) }),
      'certificate_refused',
      /has expired: renew it/,
    ],
    [
      'one of another authority',
      () => files.authority.issue({ hosts: [BILLING] }),
      'certificate_refused',
      /authority that the service trusts/,
    ],
  ])('%s is told why it does not count', async (_what, pair, reason, message) => {
    const shown = pair();
    await using service = await open(shown === undefined ? {} : { pair: shown });
    await expect(service.list()).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
      details: { reason },
      message: expect.stringMatching(message),
    });
  });

  it('a token counts before a certificate, and is as good without one', async () => {
    const token = await served.token('read');
    await using service = await open({ token });
    expect((await service.list()).map(({ id }) => id)).toEqual(['x', 'y']);
    await using both = await open({ token, pair: billing() });
    expect((await both.list()).map(({ id }) => id)).toEqual(['x', 'y']);
  });

  it('the command line signs in by CONNECTORS_SERVICE_TOKEN', async () => {
    await using project = await CliProject.open();
    writeFileSync(join(files.directory, 'server-ca.pem'), files.authority.cert);
    const env = {
      CONNECTORS_SERVICE_ADDR: `grpcs://${served.host.grpcAddress}`,
      CONNECTORS_SERVICE_CA_FILE: join(files.directory, 'server-ca.pem'),
    };
    const without = await project.automate(['connectors', 'list', '--json'], { env });
    expect(without.status).toBe(1);
    expect(JSON.parse(without.stderr)).toMatchObject({
      code: 'UNAUTHENTICATED',
      details: { reason: 'no_credentials' },
    });
    const token = await served.token('execute:y');
    const listed = await project.json(['connectors', 'list'], { env: { ...env, CONNECTORS_SERVICE_TOKEN: token } });
    expect((listed['connectors'] as { id: string }[]).map(({ id }) => id)).toEqual(['y']);
  });

  it('a change of the file counts at once, and ends the streams of callers that it changes', async () => {
    await using service = await open({ pair: billing() });
    const watch = service.watch()[Symbol.asyncIterator]();
    expect((await watch.next()).value).toMatchObject({ kind: 'added', connector: { id: 'x' } });
    served.writeConfig(yaml('[read]'));
    expect(await served.host.reload()).toMatchObject({ ok: true });
    await expect(
      (async () => {
        for (let next = await watch.next(); next.done !== true; next = await watch.next());
      })(),
    ).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect((await service.list()).map(({ id }) => id)).toEqual(['x', 'y']);
    served.writeConfig(yaml('[]'));
    expect(await served.host.reload()).toMatchObject({
      ok: false,
      problems: [{ path: expect.stringContaining('access.clients'), expected: 'a list of at least one scope' }],
    });
  });
});

describe('what a certificate opened', () => {
  let list: string;
  let held: ServedHost;
  beforeAll(async () => {
    list = files.write('revoked.pem', files.clients.revoke());
    held = await ServedHost.open({
      yaml: yaml('[read]'),
      env: { ...files.env, TLS_CLIENT_CA_FILE: files.clientCaFile, TLS_CLIENT_CRL_FILE: list },
    });
  });
  afterAll(() => held?.[Symbol.asyncDispose]());

  /** Whom the list names from now on, once the host has read it. */
  async function revoke(...pairs: readonly KeyAndCertificate[]): Promise<void> {
    const read = (): number => held.log.split('TLS goes on with the files').length;
    const before = read();
    files.write('revoked.pem', files.clients.revoke(...pairs.map(({ cert }) => cert)));
    await eventually(() => read() > before);
  }

  /** Watches until the stream ends, and gives why. */
  async function endOfWatch(pair: KeyAndCertificate, meanwhile: () => Promise<unknown>): Promise<unknown> {
    await using service = await open({ pair, at: held });
    const watch = service.watch()[Symbol.asyncIterator]();
    expect((await watch.next()).value).toMatchObject({ kind: 'added' });
    await meanwhile();
    try {
      for (let next = await watch.next(); next.done !== true; next = await watch.next());
      return 'no error';
    } catch (error) {
      return error;
    }
  }

  it('is a stream that ends when it expires', async () => {
    // Certificates count whole seconds.
    const notAfter = new Date(Math.ceil(Date.now() / 1000) * 1000 + 4_000);
    const pair = files.clients.issue({ hosts: ['billing.test', BILLING], notAfter });
    expect(await endOfWatch(pair, async () => undefined)).toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('has expired: renew it'),
    });
  });

  it('is a stream that ends when it is revoked', async () => {
    const pair = billing();
    expect(await endOfWatch(pair, () => revoke(pair))).toMatchObject({
      code: 'UNAUTHENTICATED',
      message: expect.stringContaining('was revoked: ask for a new one'),
    });
  });

  it.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'is no session of %s that is resumed once it is revoked',
    async (version) => {
      const pair = billing();
      const port = Number(new URL(held.host.httpAddress ?? '').port);
      const ask = async (session?: Buffer): Promise<{ reused: boolean; status: string; session: Buffer }> => {
        const socket = connectTls({
          port,
          host: '127.0.0.1',
          ca: files.authority.cert,
          ...pair,
          minVersion: version,
          maxVersion: version,
          ...(session === undefined ? {} : { session }),
        });
        let latest: Buffer = Buffer.alloc(0);
        socket.on('session', (each: Buffer) => (latest = each));
        await once(socket, 'secureConnect');
        const reused = socket.isSessionReused();
        socket.write('GET /api/v1/connectors HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
        let text = '';
        socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
        await once(socket, 'close');
        return { reused, status: text.slice(9, 12), session: latest };
      };
      const first = await ask();
      expect(first.status).toBe('200');
      // Of a session that is taken up again nobody would look at the certificate.
      expect(await ask(first.session)).toMatchObject({ reused: false, status: '200' });
      await revoke(pair);
      for (const given of [first.session, undefined]) expect(await ask(given)).toMatchObject({ status: '401' });
    },
  );
});
