import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { describe, expect, it } from '@jest/globals';
import { ForbiddenError } from '@automate/contract';
import { closedPort, createCertificateAuthority } from '@automate/testing';
import { socketError } from '../src/socket-error.ts';

const failed = { server: 'the database at db:1', effect: 'maybe' } as const;

/** What a socket says of its end. */
function failureOf(socket: ReturnType<typeof connect>): Promise<unknown> {
  return new Promise((resolve) => {
    socket.once('error', resolve);
    socket.resume();
  });
}

async function withTls(options: ConnectionOptions): Promise<unknown> {
  const authority = createCertificateAuthority();
  const server = createTlsServer(authority.issue(), (socket) => socket.end()).on('tlsClientError', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await failureOf(connectTls({ host: '127.0.0.1', port, ...options }));
  } finally {
    server.close();
  }
}

describe('a connection that failed', () => {
  it('was refused: the server cannot have acted, and waiting may help', async () => {
    const error = await failureOf(connect(await closedPort(), '127.0.0.1'));
    expect(socketError(error, failed)).toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
      retryable: true,
      details: { reason: 'econnrefused' },
      message: expect.stringContaining('the database at db:1 refused the connection'),
    });
  });

  it('meets a certificate that nobody trusts: waiting does not help', async () => {
    expect(socketError(await withTls({}), failed)).toMatchObject({
      code: 'TRANSIENT_NETWORK',
      effect: 'none',
      retryable: false,
      details: { reason: 'tls_certificate' },
      message: expect.stringContaining('tls.ca_file'),
    });
  });

  it('meets a server that does not speak TLS', async () => {
    const server = createServer((socket) => socket.on('error', () => undefined).end('hello, this is no TLS\r\n'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const error = await failureOf(connectTls({ host: '127.0.0.1', port }));
    server.close();
    expect(socketError(error, failed)).toMatchObject({ code: 'TRANSIENT_NETWORK', details: { reason: 'tls' } });
  });

  it('broke: only the caller knows whether the server may have acted', async () => {
    const server = createServer((socket) => socket.resetAndDestroy());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const error = await failureOf(connect((server.address() as AddressInfo).port, '127.0.0.1'));
    server.close();
    const expected = { code: 'TRANSIENT_NETWORK', details: { reason: 'econnreset' } };
    expect(socketError(error, failed)).toMatchObject({ ...expected, effect: 'maybe' });
    expect(socketError(error, { ...failed, effect: 'none' })).toMatchObject({ ...expected, effect: 'none' });
  });

  it.each([
    ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', {}, 'maybe'],
    ['ERR_SSL_BAD_RECORD_TYPE', {}, 'maybe'],
    ['EPROTO', {}, 'none'],
    ['EPROTO', { secured: true }, 'maybe'],
  ])('fails over TLS with %s, known: %j: the effect is %s', (code, known, effect) => {
    const error = Object.assign(new Error('spoilt'), { code });
    expect(socketError(error, { ...failed, ...known })).toMatchObject({
      effect,
      details: { reason: 'tls', tls: code },
    });
  });

  it.each([
    ['connect', 'none'],
    ['read', 'maybe'],
    ['write', 'maybe'],
  ])('lost its route in %s: the effect is %s', (syscall, effect) => {
    const error = Object.assign(new Error('no route'), { code: 'EHOSTUNREACH', syscall });
    expect(socketError(error, failed)).toMatchObject({ code: 'TRANSIENT_NETWORK', effect });
  });

  it.each([
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'AUTH_FAILED', 'client_certificate_refused'],
    ['ERR_OSSL_X509_KEY_VALUES_MISMATCH', 'CONFIG_INVALID', 'tls'],
    ['CERT_HAS_EXPIRED', 'TRANSIENT_NETWORK', 'tls_certificate'],
    ['EAI_AGAIN', 'TRANSIENT_NETWORK', 'eai_again'],
  ])('says %s as %s, reason %s', (code, expected, reason) => {
    const error = socketError(Object.assign(new Error('failed'), { code }), failed);
    expect(error).toMatchObject({ code: expected, effect: 'none', details: { reason } });
  });

  it('has one error for all addresses that were tried', () => {
    const error = new AggregateError([Object.assign(new Error('no'), { code: 'ECONNREFUSED' })]);
    expect(socketError(error, failed)).toMatchObject({ details: { reason: 'econnrefused' } });
  });

  it('is left to others where it was not the network', () => {
    expect(socketError(new Error('syntax error'), failed)).toBeUndefined();
    expect(socketError({ code: '42601', message: 'syntax error' }, failed)).toBeUndefined();
    expect(socketError(undefined, failed)).toBeUndefined();
    const known = new ForbiddenError('no');
    expect(socketError(known, failed)).toBe(known);
  });
});
