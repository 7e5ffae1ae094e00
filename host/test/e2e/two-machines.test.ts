import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCertificateAuthority } from '@automate/testing';
import type { CertificateRequest, KeyAndCertificate } from '@automate/testing';
import { describeWith, findPython, isOnPath } from '@automate/tooling/require-service';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { AUTOMATE, CliProject, plainEnvironment, repositoryPath } from '../cli/fixtures/cli-project.ts';
import { mustRun } from '../cli/fixtures/run-command.ts';
import { ServingHost } from '../cli/fixtures/serving-host.ts';
import { TlsFiles } from '../transports/fixtures/tls-files.ts';
import type { Identity, Operation, Run, Said, Target } from './fixtures/callers.ts';
import { callers, runWithin } from './fixtures/callers.ts';
import { canMakeNetworks, HOST_ADDRESS, TwoNamespaces } from './fixtures/two-namespaces.ts';

const CLIENTS = `
  clients:
    writer.test: [read, execute, manage]
    "spiffe://test/reader": [read]
`;
const yaml = (clients = CLIENTS): string => `access:${clients}\nconnectors:\n  - { id: echo }\n`;
const PROTOCOL = repositoryPath('host', 'test', 'transports', 'grpc', 'fixtures', 'connectors-original.proto');
const python = findPython(['grpc', 'google.protobuf']);

describeWith(
  {
    name: 'two network namespaces, curl and Python with gRPC',
    available: () => canMakeNetworks() && isOnPath('curl') && python !== undefined,
    remedy: 'as root: apt-get install --no-install-recommends iproute2 curl python3-grpcio python3-protobuf',
  },
  'a host in one network and its callers in another',
  () => {
    const files = new TlsFiles();
    const folder = mkdtempSync(join(tmpdir(), 'automate-two-'));
    const identities: Record<string, Identity> = {};
    let networks: TwoNamespaces;
    let project: CliProject;
    let host: ServingHost;
    let target: Target;
    let run: Run;
    let programs: ReturnType<typeof callers>;

    /** A certificate of a caller, in files. */
    const certificate = (name: string, request: CertificateRequest, authority = files.clients): Identity =>
      inFiles(name, authority.issue(request));
    const inFiles = (name: string, { cert, key }: KeyAndCertificate): Identity => {
      return { certFile: files.write(`${name}.pem`, cert), keyFile: files.write(`${name}.key`, key) };
    };
    const createToken = async (
      name: string,
      ...args: readonly string[]
    ): Promise<Identity & { readonly id: string }> => {
      const { token, id } = await project.json<{ token: string; id: string }>(['tokens', 'create', name, ...args]);
      return { token, id };
    };
    const start = (env: Readonly<Record<string, string>>): Promise<ServingHost> => {
      const { command, args, path } = networks.within(networks.host);
      return ServingHost.start({
        command,
        args: [...args, process.execPath, AUTOMATE, 'start'],
        cwd: project.root,
        env: { ...plainEnvironment(), PATH: path, GRPC_PORT: '0', HTTP_PORT: '0', LOG_FORMAT: 'json', ...env },
      });
    };

    beforeAll(async () => {
      networks = new TwoNamespaces();
      run = runWithin(networks.within(networks.caller), folder);
      const descriptors = join(folder, 'original.binpb');
      await mustRun(repositoryPath('node_modules', '.bin', 'buf'), ['build', PROTOCOL, '-o', descriptors], {
        cwd: folder,
        env: plainEnvironment(),
      });
      programs = callers(python!, descriptors);
      files.put(files.authority.issue({ hosts: [HOST_ADDRESS, 'localhost'] }));
      project = await CliProject.open({ kinds: ['echo'], yaml: yaml() });
      const withdrawn = files.clients.issue({ hosts: ['writer.test'] });
      host = await start({
        ...files.env,
        TLS_CLIENT_CA_FILE: files.clientCaFile,
        TLS_CLIENT_CRL_FILE: files.write('revoked.crl', files.clients.revoke(withdrawn.cert)),
        BIND_ADDRESS: HOST_ADDRESS,
      });
      target = { grpc: host.ready.grpc, http: host.ready.http, caFile: files.write('ca.pem', files.authority.cert) };
      const revoked = await createToken('gone', '--scope', 'read');
      await project.json(['tokens', 'revoke', revoked.id]);
      Object.assign(identities, {
        'a token': await createToken('reader', '--scope', 'read'),
        'a certificate with a DNS name': certificate('writer', { hosts: ['writer.test'] }),
        'a certificate with a URI': certificate('reader', { hosts: ['spiffe://test/reader'] }),
        'a token beside a certificate that has expired': {
          ...(await createToken('both', '--scope', 'read')),
          ...certificate('both', { hosts: ['writer.test'], notAfter: new Date(Date.now() - 1000) }),
        },
        nothing: {},
        'a token that nobody made': { token: 'aut_0123456789_0123456789012345678901234567890123456789abc' },
        'a token that was revoked': { token: revoked.token },
        'a token that has expired': await createToken('brief', '--scope', 'read', '--expires', '1s'),
        'a certificate that has expired': certificate('expired', {
          hosts: ['writer.test'],
          notAfter: new Date(Date.now() - 1000),
        }),
        'a certificate that was revoked': inFiles('withdrawn', withdrawn),
        'a certificate of another authority': certificate(
          'stranger',
          { hosts: ['writer.test'] },
          createCertificateAuthority('Client CA'),
        ),
        'a certificate that the file does not name': certificate('unnamed', { hosts: ['unnamed.test'] }),
      });
      await new Promise((resolve) => setTimeout(resolve, 1_100));
    });

    afterAll(async () => {
      await host?.[Symbol.asyncDispose]();
      await project?.[Symbol.asyncDispose]();
      networks?.[Symbol.dispose]();
      files[Symbol.dispose]();
      rmSync(folder, { recursive: true, force: true });
    });

    /** What each program says of the same call. */
    async function ask(identity: string, operation: Operation = 'list'): Promise<Readonly<Record<string, Said>>> {
      const who = identities[identity] ?? {};
      const said = Object.entries(programs).map(
        async ([name, call]) => [name, await call(run, target, who, operation)] as const,
      );
      return Object.fromEntries(await Promise.all(said));
    }

    /** The same of all of them. */
    const fromAll = (said: unknown): object => Object.fromEntries(Object.keys(programs).map((name) => [name, said]));

    it('listens where the other network reaches it, and nowhere else', async () => {
      expect([target.grpc, target.http]).toEqual([
        expect.stringMatching(`^${HOST_ADDRESS}:`),
        expect.stringMatching(`^https://${HOST_ADDRESS}:`),
      ]);
      const { stdout } = await run('curl', [
        '--silent',
        '--cacert',
        target.caFile,
        '--output',
        '/dev/null',
        '--write-out',
        '%{http_code}',
        `${target.http}/health/ready`,
      ]);
      expect(stdout).toBe('200');
    });

    it.each([
      'a token',
      'a certificate with a DNS name',
      'a certificate with a URI',
      'a token beside a certificate that has expired',
    ])('lets %s in', async (identity) => {
      expect(await ask(identity)).toEqual(fromAll({ ids: ['echo'] }));
    });

    it.each([
      ['nothing', /token|certificate/],
      ['a token that nobody made', /token/],
      ['a token that was revoked', /token/],
      ['a token that has expired', /token/],
      ['a certificate that has expired', /the client certificate has expired: renew it/],
      ['a certificate that was revoked', /the client certificate was revoked: ask for a new one/],
      [
        'a certificate that the file does not name',
        /the service does not know the client certificate, which has "unnamed\.test": .*access\.clients/,
      ],
      [
        'a certificate of another authority',
        /the client certificate was not issued by an authority that the service trusts/,
      ],
    ])('turns %s away, in the same words at every door', async (identity, words) => {
      const said = await ask(identity);
      expect(said).toEqual(fromAll({ code: 'UNAUTHENTICATED', message: expect.stringMatching(words) }));
      expect(new Set(Object.values(said).map((each) => ('message' in each ? each.message : ''))).size).toBe(1);
    });

    it.each(['a token', 'a certificate with a URI'])(
      'does not let %s do what its scopes lack, and names the scope',
      async (identity) => {
        const said = await ask(identity, 'remove');
        expect(said).toEqual(
          fromAll({ code: 'PERMISSION_DENIED', message: expect.stringContaining('lacks the scope manage') }),
        );
        expect(new Set(Object.values(said).map((each) => ('message' in each ? each.message : ''))).size).toBe(1);
      },
    );

    it('knows a certificate no longer once the file does not name it any more', async () => {
      await project.sandbox.writeFile('config/connectors.yaml', yaml('\n  clients: { writer.test: [admin] }\n'));
      const said = async (): Promise<string> => JSON.stringify(await ask('a certificate with a URI'));
      const deadline = Date.now() + 30_000;
      while (!(await said()).includes('UNAUTHENTICATED') && Date.now() < deadline);
      const words = /does not know the client certificate, which has "spiffe:\/\/test\/reader": .*access\.clients/;
      const refused = fromAll({ code: 'UNAUTHENTICATED', message: expect.stringMatching(words) });
      expect(await ask('a certificate with a URI')).toEqual(refused);
      expect(await ask('a certificate with a DNS name')).toEqual(fromAll({ ids: ['echo'] }));
    });
  },
);
