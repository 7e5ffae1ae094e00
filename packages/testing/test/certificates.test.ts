import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { createCertificateAuthority } from '../src/certificates.ts';

describe('a certificate authority for tests', () => {
  it('signs itself and what it issues', () => {
    const authority = createCertificateAuthority('My CA');
    const own = new X509Certificate(authority.cert);
    const issued = new X509Certificate(authority.issue({ hosts: ['service.test', '127.0.0.1'] }).cert);
    expect(own.ca).toBe(true);
    expect(own.subject).toBe('CN=My CA');
    expect(own.verify(own.publicKey)).toBe(true);
    expect(issued.verify(own.publicKey)).toBe(true);
    expect(issued.checkIssued(own)).toBe(true);
    expect(issued.checkHost('service.test')).toBe('service.test');
    expect(issued.checkHost('other.test')).toBeUndefined();
    expect(issued.checkIP('127.0.0.1')).toBe('127.0.0.1');
  });

  it('can issue one for a URI', () => {
    const hosts = ['caller.test', 'spiffe://test/caller'];
    const { subjectAltName } = new X509Certificate(createCertificateAuthority().issue({ hosts }).cert);
    expect(subjectAltName).toBe('DNS:caller.test, URI:spiffe://test/caller');
  });

  it('can issue one that has expired', () => {
    const notAfter = new Date('2020-03-01T00:00:00Z');
    const { validFromDate, validToDate } = new X509Certificate(createCertificateAuthority().issue({ notAfter }).cert);
    expect(validToDate).toEqual(notAfter);
    expect(validFromDate.getTime()).toBeLessThan(notAfter.getTime());
  });

  it('can revoke what it has issued', async () => {
    const authority = createCertificateAuthority();
    const { cert, key } = authority.issue();
    const [kept, revoked] = [authority.issue(), authority.issue()];
    const server = createServer({
      ...{ cert, key, ca: authority.cert, crl: authority.revoke(revoked.cert) },
      requestCert: true,
      rejectUnauthorized: false,
    });
    server.on('secureConnection', (socket) => socket.end(String(socket.authorizationError)));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const said = [kept, revoked].map((pair) => text(connect({ ...pair, port, ca: authority.cert })));
    expect(await Promise.all(said)).toEqual(['null', 'CERT_REVOKED']);
    server.close();
  });

  it('does not vouch for another authority', () => {
    const stranger = new X509Certificate(createCertificateAuthority().cert);
    const issued = new X509Certificate(createCertificateAuthority().issue().cert);
    expect(issued.verify(stranger.publicKey)).toBe(false);
  });
});
