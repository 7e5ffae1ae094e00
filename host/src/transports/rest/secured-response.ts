import type * as Http from 'node:http';
import type { IncomingMessage, OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import { createRequire } from 'node:module';

// As in `http-server`: an import of the whole module is a tenth of a start.
const { ServerResponse } = createRequire(import.meta.url)('node:http') as typeof Http;

/** What browsers are told of every answer: never to show it, frame it, guess its type or lend it to another site. */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const;

/**
 * An answer that has these headers whoever writes its head, which may bring others as an object. Were they set one by one before, Node would write no head in one go,
 * which doubles what a head costs.
 */
export class SecuredResponse<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #endsConnection = false;

  /** Whether nothing follows this answer on its connection. */
  get endsConnection(): boolean {
    return this.#endsConnection;
  }

  override writeHead(
    status: number,
    ...rest: (string | OutgoingHttpHeaders | OutgoingHttpHeader[] | undefined)[]
  ): this {
    const given = rest.at(-1);
    const headers = { ...SECURITY_HEADERS, ...(isRecord(given) ? given : undefined) };
    this.#endsConnection = (headers as OutgoingHttpHeaders)['connection'] === 'close';
    return super.writeHead(status, headers);
  }
}

function isRecord(given: unknown): given is OutgoingHttpHeaders {
  return typeof given === 'object' && !Array.isArray(given);
}
