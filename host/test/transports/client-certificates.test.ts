import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCertificateAuthority } from '@automate/testing';
import type { KeyAndCertificate } from '@automate/testing';
import type { ServiceError } from '@grpc/grpc-js';
import { Client, credentials, Metadata, Server, ServerCredentials } from '@grpc/grpc-js';
import { describe, expect, it } from '@jest/globals';
import type { FrontDoor } from '../../src/transports/front-door.ts';
import { openFrontDoor } from '../../src/transports/front-door.ts';
import { clientCertificateOf } from '../../src/transports/client-certificate.ts';
import { prepareStreams } from '../../src/transports/grpc/prepare-streams.ts';
import { revokedSerials } from '../../src/transports/revoked-serials.ts';
import { readTlsFiles } from '../../src/transports/tls-files.ts';
import { keepTls } from '../../src/transports/tls-keeper.ts';
import { TlsFiles } from './fixtures/tls-files.ts';

const silent = { info: () => undefined, warn: () => undefined };
const bytes = (value: Buffer): Buffer => value;
const METHOD = {
  path: '/test.Mirror/Show',
  requestStream: false,
  responseStream: false,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
};

/** A server that answers with the certificate that the call came with. */
class Mirror implements AsyncDisposable {
  readonly files = new TlsFiles();
  #server = new Server();
  #keeper: ReturnType<typeof keepTls> | undefined;
  #front: FrontDoor | undefined;

  async open(clientCrlFile?: string): Promise<this> {
    const { certFile, keyFile, clientCaFile } = this.files;
    const settings = { certFile, keyFile, clientCaFile, ...(clientCrlFile === undefined ? {} : { clientCrlFile }) };
    const read = readTlsFiles(settings);
    if (!read.ok) throw new Error(JSON.stringify(read.problems));
    this.#keeper = keepTls(settings, read.material, silent);
    let shown: unknown;
    this.#server.addService(
      { Show: METHOD },
      {
        Show: (_call: unknown, callback: (error: null, answer: Buffer) => void) =>
          callback(null, Buffer.from(JSON.stringify(shown ?? 'none'))),
      },
    );
    const injector = this.#server.createConnectionInjector(ServerCredentials.createInsecure());
    prepareStreams(this.#server, {
      explain: (headers) => headers,
      // One call at a time.
      admit: (stream) => void (shown = clientCertificateOf(stream.session?.socket)),
      refuse: () => Promise.reject(new Error('nobody is refused')),
    });
    this.#front = await openFrontDoor({
      door: 'gRPC',
      place: { host: '127.0.0.1', port: 0 },
      tls: this.#keeper,
      warn: () => undefined,
      serve: (socket) => injector.injectConnection(socket),
    });
    return this;
  }

  connect(pair?: KeyAndCertificate): Client {
    const [key, cert] = pair === undefined ? [null, null] : [Buffer.from(pair.key), Buffer.from(pair.cert)];
    return new Client(
      this.#front?.address ?? '',
      credentials.createSsl(Buffer.from(this.files.authority.cert), key, cert),
      { 'grpc.use_local_subchannel_pool': 1 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keeper?.close();
    this.#server.forceShutdown();
    const closed = this.#front?.close();
    await closed;
    this.files[Symbol.dispose]();
  }
}

function ask(client: Client, metadata = new Metadata()): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const settle = (error: ServiceError | null, answer?: Buffer): void =>
      error === null ? resolve(JSON.parse(String(answer))) : reject(error);
    client.makeUnaryRequest(
      METHOD.path,
      bytes,
      bytes,
      Buffer.alloc(0),
      metadata,
      { deadline: Date.now() + 20_000 },
      settle,
    );
  });
}

describe('the certificate of a caller', () => {
  it.each<readonly [what: string, pair: (files: TlsFiles) => KeyAndCertificate | undefined, shown: unknown]>([
    ['that shows none', () => undefined, 'none'],
    [
      'with names',
      ({ clients }) => clients.issue({ hosts: ['caller.test', 'spiffe://test/caller', '127.0.0.1'] }),
      { names: ['caller.test', 'spiffe://test/caller'] },
    ],
    [
      'with an odd name',
      ({ clients }) => clients.issue({ hosts: ['http://a, DNS:root.test', 'b.test'] }),
      { names: ['http://a, DNS:root.test', 'b.test'] },
    ],
    [
      'whose has expired',
      ({ clients }) => clients.issue({ notAfter: new Date(Date.now() - 1000) }),
      { fault: 'the client certificate has expired: renew it' },
    ],
    [
      'whose is of another authority',
      () => createCertificateAuthority('Client CA').issue(),
      {
        fault: expect.stringMatching(/^the client certificate was not issued by an authority that the service trusts/),
      },
    ],
  ])('%s is known', async (_what, pair, shown) => {
    await using mirror = await new Mirror().open();
    const client = mirror.connect(pair(mirror.files));
    expect(await ask(client)).toEqual(shown);
    client.close();
  });

  it('cannot be made up in the call', async () => {
    await using mirror = await new Mirror().open();
    const forged = new Metadata();
    forged.set('connectors-client-certificate', encodeURIComponent(JSON.stringify({ names: ['root.test'] })));
    const client = mirror.connect();
    expect(await ask(client, forged)).toBe('none');
    client.close();
    const known = mirror.connect(mirror.files.clients.issue({ hosts: ['caller.test'] }));
    expect(await ask(known, forged)).toEqual({ names: ['caller.test'] });
    known.close();
  });

  it('counts no longer on a running connection once its authority is not trusted any more, or it expires', async () => {
    await using mirror = await new Mirror().open();
    const client = mirror.connect(mirror.files.clients.issue({ hosts: ['caller.test'] }));
    const brief = mirror.connect(
      mirror.files.clients.issue({ hosts: ['brief.test'], notAfter: new Date(Date.now() + 3_000) }),
    );
    expect(await ask(client)).toEqual({ names: ['caller.test'] });
    expect(await ask(brief)).toEqual({ names: ['brief.test'] });
    mirror.files.write('clients.pem', mirror.files.clients.cert + createCertificateAuthority('Other').cert);
    await new Promise((resolve) => setTimeout(resolve, 4_000));
    expect(await ask(client)).toEqual({ names: ['caller.test'] });
    expect(await ask(brief)).toEqual({ fault: expect.stringContaining('has expired') });
    mirror.files.write('clients.pem', createCertificateAuthority('Client CA').cert);
    const deadline = Date.now() + 20_000;
    let last: unknown;
    do last = await ask(client);
    while (!('fault' in (last as object)) && Date.now() < deadline);
    expect(last).toEqual({ fault: expect.stringContaining('was not issued by an authority') });
    for (const each of [client, brief]) each.close();
  });
});

describe('a list of revoked certificates', () => {
  it('counts for the authorities between, too, whose callers are on the line', async () => {
    const mirror = new Mirror();
    await using _ = mirror;
    const { clients } = mirror.files;
    const between = clients.authority('Between');
    const pair = between.issue({ hosts: ['caller.test'] });
    const list = (...revoked: readonly string[]): string =>
      mirror.files.write('revoked.crl', clients.revoke(...revoked) + between.revoke());
    await mirror.open(list());
    const running = mirror.connect(pair);
    expect(await ask(running)).toEqual({ names: ['caller.test'] });
    // The same lists, sealed anew, take nobody out; whom the new one does is told when it comes again.
    list();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await ask(running)).toEqual({ names: ['caller.test'] });
    list(between.cert);
    const again = (): Promise<object> => ask(running).catch(() => ({})) as Promise<object>;
    const deadline = Date.now() + 20_000;
    while (!('fault' in (await again())) && Date.now() < deadline);
    const revoked = { fault: 'the client certificate was revoked: ask for a new one' };
    expect(await ask(running)).toEqual(revoked);
    const fresh = mirror.connect(pair);
    expect(await ask(fresh)).toEqual(revoked);
    for (const each of [running, fresh]) each.close();
  });

  it('counts for new connections and for running ones', async () => {
    const mirror = new Mirror();
    await using _ = mirror;
    const { directory } = mirror.files;
    const openssl = (...args: readonly string[]): string =>
      execFileSync('openssl', args, { cwd: directory, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    writeFileSync(
      join(directory, 'ca.conf'),
      '[ca]\ndefault_ca=d\n[d]\ndatabase=index\nserial=serial\ncrlnumber=crlnumber\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\ndefault_days=1\ndefault_crl_days=1\nx509_extensions=x\nunique_subject=no\n[p]\ncommonName=supplied\n[x]\nsubjectAltName=DNS:caller.test\n',
    );
    for (const name of ['index']) writeFileSync(join(directory, name), '');
    // Long, and with the highest bit set.
    writeFileSync(join(directory, 'serial'), 'F00000000000000000000000000000A1\n');
    writeFileSync(join(directory, 'crlnumber'), '01\n');
    openssl(
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      'ca.key',
      '-out',
      'clients.pem',
      '-subj',
      '/CN=Client CA',
      '-days',
      '1',
    );
    const issue = (name: string): KeyAndCertificate => {
      openssl(
        'req',
        '-newkey',
        'ec',
        '-pkeyopt',
        'ec_paramgen_curve:P-256',
        '-nodes',
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
        '-subj',
        `/CN=${name}`,
      );
      openssl(
        'ca',
        '-batch',
        '-config',
        'ca.conf',
        '-cert',
        'clients.pem',
        '-keyfile',
        'ca.key',
        '-in',
        `${name}.csr`,
        '-out',
        `${name}.pem`,
      );
      return {
        key: readFileSync(join(directory, `${name}.key`), 'utf8'),
        cert: readFileSync(join(directory, `${name}.pem`), 'utf8'),
      };
    };
    const list = (): void => {
      openssl('ca', '-gencrl', '-config', 'ca.conf', '-cert', 'clients.pem', '-keyfile', 'ca.key', '-out', 'new.crl');
      mirror.files.write('revoked.crl', readFileSync(join(directory, 'new.crl'), 'utf8'));
      rmSync(join(directory, 'new.crl'));
    };
    const [one, two] = [issue('one'), issue('two')];
    list();
    expect(revokedSerials(readFileSync(join(directory, 'revoked.crl'), 'utf8'))).toEqual(new Set());
    await mirror.open(join(directory, 'revoked.crl'));
    const [running, other] = [mirror.connect(one), mirror.connect(two)];
    expect(await ask(running)).toEqual({ names: ['caller.test'] });
    openssl('ca', '-revoke', 'one.pem', '-config', 'ca.conf', '-cert', 'clients.pem', '-keyfile', 'ca.key');
    list();
    expect(revokedSerials(readFileSync(join(directory, 'revoked.crl'), 'utf8'))).toEqual(
      new Set(['F00000000000000000000000000000A1']),
    );
    const revoked = { fault: 'the client certificate was revoked: ask for a new one' };
    const deadline = Date.now() + 20_000;
    while (!('fault' in ((await ask(running)) as object)) && Date.now() < deadline);
    expect(await ask(running)).toEqual(revoked);
    const fresh = mirror.connect(one);
    expect(await ask(fresh)).toEqual(revoked);
    expect(await ask(other)).toEqual({ names: ['caller.test'] });
    for (const each of [running, fresh, other]) each.close();
  });
});
