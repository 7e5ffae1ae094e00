import { UnavailableError } from '@automate/contract';

/** An address that is listened on, and the variable that chooses its port. */
export interface ListenAddress {
  /** `gRPC` or `REST`. */
  readonly door: string;
  readonly address: string;
  readonly port: 'GRPC_PORT' | 'HTTP_PORT';
}

/** UNAVAILABLE, as a port that is taken now may be free the next time. */
export function listenError(cause: unknown, { door, address, port }: ListenAddress): UnavailableError {
  const reason = (cause as NodeJS.ErrnoException).code === 'EADDRINUSE' ? 'address_in_use' : 'cannot_listen';
  const { why, remedy } = explainListening(cause, port);
  return new UnavailableError(`${door} cannot listen on ${address}: ${why}; ${remedy}`, {
    cause,
    details: { reason, address },
  });
}

/** Why nobody can listen there, and what the operator can do. */
export function explainListening(cause: unknown, port: string): { readonly why: string; readonly remedy: string } {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    return { why: 'another program listens there', remedy: `end it, or set ${port} (0 picks a free one)` };
  }
  if (code === 'EACCES') return { why: 'this user may not use the port', remedy: `set ${port} to 1024 or more` };
  return { why: message, remedy: `correct BIND_ADDRESS or ${port}` };
}
