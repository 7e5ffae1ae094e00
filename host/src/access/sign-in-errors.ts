import { quote, UnauthenticatedError } from '@automate/contract';
import type { ErrorReason } from '@automate/contract';

// The same words at every door. None repeats what was sent, which may be half of a token.

export function noCredentials(): UnauthenticatedError {
  return unauthenticated(
    'no_credentials',
    'the service has to know who calls: send a token, as "Authorization: Bearer aut_…" or in CONNECTORS_SERVICE_TOKEN, or a client certificate',
  );
}

export function tokenMalformed(): UnauthenticatedError {
  return unauthenticated(
    'token_malformed',
    'what was sent as Authorization is no token: expected "Bearer aut_<id>_<secret>", whole, as "automate tokens create" printed it',
  );
}

export function tokenUnknown(): UnauthenticatedError {
  return unauthenticated('token_unknown', 'the service does not know this token: ask whoever runs it for another');
}

export function tokenExpired({
  name,
  expiresAt,
}: {
  readonly name: string;
  readonly expiresAt?: string;
}): UnauthenticatedError {
  return unauthenticated(
    'token_expired',
    `the token ${quote(name)} expired at ${expiresAt}: ask whoever runs the service for another`,
  );
}

export function tokenRevoked({ name }: { readonly name: string }): UnauthenticatedError {
  return unauthenticated(
    'token_revoked',
    `the token ${quote(name)} was revoked: ask whoever runs the service for another`,
  );
}

/** @param fault what is wrong with it, after "the client certificate" */
export function certificateRefused(fault: string): UnauthenticatedError {
  return unauthenticated('certificate_refused', fault);
}

export function certificateUnknown(names: readonly string[]): UnauthenticatedError {
  const shown =
    names.length === 0
      ? 'no DNS name and no URI'
      : names
          .slice(0, 3)
          .map((name) => quote(name.slice(0, 100)))
          .join(', ');
  return unauthenticated(
    'certificate_unknown',
    `the service does not know the client certificate, which has ${shown}: whoever runs it must name it in access.clients`,
  );
}

function unauthenticated(reason: ErrorReason, message: string): UnauthenticatedError {
  return new UnauthenticatedError(message, { details: { reason } });
}
