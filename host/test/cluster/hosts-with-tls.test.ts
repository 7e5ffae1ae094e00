import { expect, it } from '@jest/globals';
import { createCertificateAuthority } from '@automate/testing';
import { eventually } from '@automate/tooling/eventually';
import { describeWithPostgres } from '../fixtures/postgres-databases.ts';
import { TlsFiles } from '../transports/fixtures/tls-files.ts';
import { ask, knows, openSharingHosts } from './fixtures/sharing-hosts.ts';

describeWithPostgres('hosts that call each other over TLS', (databases) => {
  it('pass calls on where they trust each other, and say who must do what where they cannot', async () => {
    await using scene = await openSharingHosts(databases, {
      yaml: "network: { registered: { allow: ['127.0.0.1'] } }\nconnectors: []\n",
    });
    const { remote, config, pid } = scene;
    using stack = new DisposableStack();
    const authority = createCertificateAuthority('Hosts CA');
    /** A host that asks callers for certificates of the authority, with one of its own. */
    const start = async (name: string, issued: ReturnType<typeof authority.issue>) => {
      const files = stack.use(new TlsFiles());
      files.put(issued);
      const clientCa = files.write('clients.pem', authority.cert);
      return scene.start(name, { ...files.env, TLS_CLIENT_CA_FILE: clientCa });
    };
    const one = await start('one', authority.issue());
    const other = await start('other', authority.issue());
    const misnamed = await start('misnamed', authority.issue({ hosts: ['elsewhere.example.com'] }));
    const stranger = await start('stranger', createCertificateAuthority('Another CA').issue());
    const holders = { other, misnamed, stranger };
    for (const [id, { service }] of Object.entries(holders)) {
      await one.service.register(config(id));
      await knows(service, id);
      await ask(service, id, 'read', `first-${id}`);
      await eventually(async () => (await one.service.get(id)).connector.host !== undefined);
    }

    for (const way of ['first', 'again']) {
      await ask(one.service, 'other', 'read', `passed-on-${way}`);
      expect(remote.asked(`passed-on-${way}`).pids).toEqual([pid(other.host)]);
    }
    await expect(one.service.describe('other')).resolves.toMatchObject({ kind: 'marking' });

    const refusals = {
      misnamed:
        /is for DNS:elsewhere\.example\.com, and not for 127\.0\.0\.1: give that host one .*TLS_CERT_FILE, or .*ADVERTISE_ADDRESS/,
      stranger:
        /not issued by an authority that this host trusts \(\w+\): name the file of that authority in TLS_CLIENT_CA_FILE of this host/,
    };
    for (const [id, said] of Object.entries(refusals)) {
      const refused = {
        code: 'UNAVAILABLE',
        effect: 'none',
        blame: 'operator',
        retryable: false,
        message: expect.stringMatching(said),
        details: { reason: 'tls_certificate', address: expect.stringMatching(/^grpcs:\/\/127\.0\.0\.1:\d+$/) },
      };
      await expect(ask(one.service, id, 'change', `refused-${id}`)).rejects.toMatchObject(refused);
      await expect(one.service.describe(id)).rejects.toMatchObject(refused);
      expect(remote.asked(`refused-${id}`).times).toBe(0);
      await one.host.waitForRecord(({ level, msg }) => level === 'warn' && said.test(String(msg)));
    }
  });

  it('trust the certificate of their own door, whoever has issued it', async () => {
    await using scene = await openSharingHosts(databases);
    using files = new TlsFiles();
    const one = await scene.start('one', files.env);
    const other = await scene.start('other', files.env);
    await one.service.register(scene.config('shared'));
    await knows(other.service, 'shared');
    await ask(one.service, 'shared', 'read', 'first');
    await ask(other.service, 'shared', 'read', 'passed-on');
    await expect(other.service.describe('shared')).resolves.toMatchObject({ kind: 'marking' });
    expect(scene.remote.asked('passed-on').pids).toEqual([scene.pid(one.host)]);
  });
});
