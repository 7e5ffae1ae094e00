import { chmodSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createCertificateAuthority } from '@automate/testing';
import { CliProject } from './cli/fixtures/cli-project.ts';
import { diagnoseProject } from './cli/fixtures/diagnose-project.ts';
import { SandboxHost } from './fixtures/sandbox-host.ts';
import { TlsFiles } from './transports/fixtures/tls-files.ts';

const YAML = 'connectors:\n  - id: echo\n';

it('doctor says until when the certificate is valid, and asks a host with TLS whether it is ready', async () => {
  using files = new TlsFiles();
  files.put(files.authority.issue({ notAfter: new Date(Date.now() + 90 * 24 * 60 * 60 * 1000) }));
  await using it_ = await SandboxHost.open({ yaml: YAML, env: files.env });
  const findings = await diagnoseProject(it_.sandbox.root, files.env);
  expect(findings.filter(({ check }) => check === 'TLS' || check === 'host')).toEqual([
    { check: 'TLS', state: 'ok', message: expect.stringMatching(/server\.pem is valid until \d{4}-\d\d-\d\d$/) },
    { check: 'host', state: 'ok', message: expect.stringContaining('serves at https://127.0.0.1:') },
  ]);
});

describe('files that cannot be used', () => {
  const day = 24 * 60 * 60 * 1000;
  it.each<readonly [what: string, prepare: (files: TlsFiles) => Record<string, string>, said: readonly RegExp[]]>([
    [
      'a certificate without a key',
      (files) => ({ TLS_CERT_FILE: files.certFile }),
      [/TLS_KEY_FILE: expected a file, as TLS_CERT_FILE is set/],
    ],
    [
      'an authority without a certificate',
      (files) => ({ TLS_CLIENT_CA_FILE: files.clientCaFile }),
      [/TLS_CERT_FILE: expected/, /TLS_KEY_FILE: expected/],
    ],
    [
      'files that are not there',
      () => ({ TLS_CERT_FILE: '/none.pem', TLS_KEY_FILE: '/none.key' }),
      [/TLS_CERT_FILE: .*\/none\.pem \(ENOENT\)/, /TLS_KEY_FILE: .*\/none\.key \(ENOENT\)/],
    ],
    [
      'a key that all can read, of another certificate, which has expired, and no authority: all at once',
      (files) => {
        files.write('server.pem', files.authority.issue({ notAfter: new Date(Date.now() - day) }).cert);
        chmodSync(files.keyFile, 0o644);
        return { ...files.env, TLS_CLIENT_CA_FILE: files.certFile };
      },
      [
        /TLS_KEY_FILE: .*mode 644: run "chmod 600/,
        /TLS_CERT_FILE: expected the certificate of the key/,
        /TLS_CERT_FILE: .*which expired on/,
        /TLS_CLIENT_CA_FILE: expected certificates of authorities/,
      ],
    ],
    [
      'a chain that begins with the authority',
      (files) => {
        const { cert, key } = files.authority.issue();
        files.put({ cert: files.authority.cert + cert, key });
        return files.env;
      },
      [/TLS_CERT_FILE: expected the server's own certificate first.*which begins with "CN=Server CA"/],
    ],
    [
      "a chain with a stranger's authority",
      (files) => {
        const { cert, key } = files.authority.issue();
        files.put({ cert: cert + createCertificateAuthority('Stranger').cert, key });
        return files.env;
      },
      [/"CN=Stranger" stands after "CN=test", which it has not issued/],
    ],
    [
      'what is no PEM',
      (files) => (files.put({ cert: 'x', key: 'y' }), files.env),
      [/TLS_CERT_FILE: expected certificates as PEM/, /TLS_KEY_FILE: expected a private key as PEM/],
    ],
  ])('%s: the host says what is wrong and does not start', async (_what, prepare, said) => {
    using files = new TlsFiles();
    await using project = await CliProject.open({ yaml: YAML });
    const { status, stderr } = await project.automate(['start', '--grpc-port', '0', '--http-port', '0'], {
      env: prepare(files),
    });
    expect([status, stderr]).toEqual([78, expect.stringMatching(said[0] as RegExp)]);
    for (const each of said) expect(stderr).toMatch(each);
  });
});
