import { ConfigInvalidError } from '@automate/sdk';
import type { ConnectorContext } from '@automate/sdk';

/** What proves to the gateway who asks, in both of its doors. */
export interface GatewayAuth {
  /** `auth` of the WebSocket's handshake. */
  readonly handshake: { readonly token: string } | { readonly password: string } | undefined;
  /** Headers of HTTP requests and of the WebSocket's upgrade. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The gateway knows one shared secret: a token (`auth` bearer, api_key) or a password (basic). Over HTTP either goes as
 * bearer token.
 *
 * @throws ConfigInvalidError for an `auth` that the gateway's handshake has no place for.
 */
export function gatewayAuth({ id, config }: ConnectorContext): GatewayAuth {
  const { auth } = config;
  const own = Object.fromEntries(Object.entries(auth.headers ?? {}).map(([name, value]) => [name, value.reveal()]));
  const bearer = (secret: string): Record<string, string> => ({ ...own, authorization: `Bearer ${secret}` });
  switch (auth.type) {
    case 'none':
      return { handshake: undefined, headers: own };
    case 'bearer':
    case 'api_key': {
      const token = (auth.type === 'bearer' ? auth.token : auth.apiKey)?.reveal() ?? '';
      return { handshake: { token }, headers: bearer(token) };
    }
    case 'basic': {
      const password = auth.password?.reveal() ?? '';
      return { handshake: { password }, headers: bearer(password) };
    }
    default:
      throw new ConfigInvalidError(
        `connector "${id}": auth.type is ${auth.type}, but a gateway takes a token or a password; the operator must set bearer, api_key or basic`,
        { details: { reason: 'credentials' } },
      );
  }
}
