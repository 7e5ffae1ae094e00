import { once } from 'node:events';
import { isIP } from 'node:net';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { UnavailableError } from '@automate/contract';
import type { ClientIdentity } from './client-identity.ts';
import type { ServiceAddress } from './service-address.ts';

interface FailedContact extends Pick<ServiceAddress, 'endpoint'>, Pick<ClientIdentity, 'tls'> {
  /** As the user wrote it. */
  readonly address: string;
  readonly timeoutMs: number;
}

type Reason = 'tls_required' | 'tls_not_spoken' | 'tls_certificate';

/**
 * Whether TLS is why a service could not be called: gRPC tells one connection that came to nothing from another by OpenSSL's words at
 * best. The service is asked for a handshake, and nothing is sent. Undefined where TLS is not the reason.
 */
export async function explainHandshake(contact: FailedContact): Promise<UnavailableError | undefined> {
  const { endpoint, tls, timeoutMs } = contact;
  if (endpoint === undefined) return undefined;
  const { host, port } = endpoint;
  const name = tls?.serverName ?? host;
  const socket = connect({
    host,
    port,
    ALPNProtocols: ['h2'],
    rejectUnauthorized: false,
    ...(isIP(name) === 0 ? { servername: name } : {}),
    ...(tls === undefined ? {} : { secureContext: tls.context }),
  });
  // It may fail once more when it is given up.
  socket.on('error', () => undefined);
  try {
    await once(socket, 'secureConnect', { signal: AbortSignal.timeout(timeoutMs) });
    return tls === undefined ? refused(contact, 'tls_required') : explainCertificate(contact, socket);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return tls !== undefined && NO_TLS.has(code ?? '') ? refused(contact, 'tls_not_spoken') : undefined;
  } finally {
    socket.destroy();
  }
}

/** What a handshake ends in at a port that speaks something else; one that is cut off says it as well, if less surely. */
const NO_TLS: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
  'ECONNRESET',
]);

function explainCertificate(contact: FailedContact, socket: TLSSocket): UnavailableError | undefined {
  // Node has the code here, whatever its types say.
  const code = socket.authorizationError as unknown as string | null | undefined;
  if (code === null || code === undefined) return undefined;
  const { valid_from: from, valid_to: until, subjectaltname: names = 'no name' } = socket.getPeerCertificate();
  const { address, endpoint, tls } = contact;
  const operator = 'whoever runs it';
  switch (code) {
    case 'CERT_HAS_EXPIRED':
      return refused(
        contact,
        'tls_certificate',
        `the certificate of ${address} expired on ${day(until)}: ${operator} must put a new one into its TLS_CERT_FILE`,
      );
    case 'CERT_NOT_YET_VALID':
      return refused(
        contact,
        'tls_certificate',
        `the certificate of ${address} is valid from ${day(from)} on: look at the clock of this machine, and ${operator} at theirs`,
      );
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return refused(
        contact,
        'tls_certificate',
        `the certificate of ${address} is for ${names}, and not for ${tls?.serverName ?? endpoint?.host}: call it by a name of those, or give one as CONNECTORS_SERVICE_SERVER_NAME (\`tls.serverName\`)`,
      );
    default:
      return refused(
        contact,
        'tls_certificate',
        `the certificate of ${address} was not issued by an authority that this client trusts (${code}): give the file of the service's authority as CONNECTORS_SERVICE_CA_FILE (\`tls.caFile\`)`,
      );
  }
}

function refused({ address }: FailedContact, reason: Reason, said?: string): UnavailableError {
  const bare = address.replace(/^grpcs:\/\//, '');
  const sentences = {
    tls_required: `the service at ${address} speaks TLS: call "grpcs://${bare}"`,
    tls_not_spoken: `the service at ${address} does not speak TLS: call "${bare}" without "grpcs://", or have its operator set TLS_CERT_FILE and TLS_KEY_FILE`,
    tls_certificate: '',
  } as const;
  return new UnavailableError(said ?? sentences[reason], {
    retryable: false,
    details: { reason, address },
    blame: 'caller',
  });
}

function day(date: string): string {
  return new Date(date).toISOString().slice(0, 10);
}
