import type { ConnectorContext, ResolvedAuth } from '../connector-context.ts';
import { createTokenSource as createTokenSourceOver } from '../http/token-source.ts';
import type { TokenSource } from '../http/token-source.ts';

/**
 * Access tokens by the client credentials grant of OAuth 2, obtained by way of the connector's own `http`. What comes is kept out of
 * all texts.
 *
 * @param auth what they are asked for with; a function where that may become another object
 */
export function createTokenSource(
  { id, http, secret }: Pick<ConnectorContext, 'id' | 'http' | 'secret'>,
  auth: ResolvedAuth | (() => ResolvedAuth),
): TokenSource {
  return createTokenSourceOver({
    id,
    auth,
    post: ({ url, headers, body }) =>
      http.request({
        method: 'POST',
        path: url.href,
        anyOrigin: true,
        authorize: false,
        headers,
        body,
        accept: () => true,
      }),
    onSecrets: (values) => {
      for (const value of values) secret(value);
    },
  });
}
