import type { CallOptions } from '@automate/contract';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { readCallOptions } from '../call-options.ts';
import type { AskedOfDoor } from '../../sign-in.ts';
import { PAGE_POLICY } from '../page-policy.ts';
import type { DocsPage } from './render-page.ts';
import { STYLE } from './style.ts';

export interface DocsRoutesOptions {
  /** Throws for who may not read. */
  requireRead(request: FastifyRequest, what: AskedOfDoor['what']): void;
  /** Whether a proxy may end TLS in front. */
  readonly behindTls: boolean;
  /** The OpenAPI document as JSON text. */
  document(): Promise<string>;
  /** The same with an operation for each action that the caller may see. */
  describeConnectors(document: string, call: CallOptions): Promise<string>;
}

/** The API as pages, made of the OpenAPI document as it is: `/docs`, and `/docs/connectors` with the actions of each connector. */
export function addDocsRoutes(
  app: FastifyInstance,
  { requireRead, behindTls, document, describeConnectors }: DocsRoutesOptions,
): void {
  const hidden = { schema: { hide: true } };
  const show = async (
    request: FastifyRequest,
    reply: FastifyReply,
    page: Pick<DocsPage, 'shows'> & { readonly text: string },
  ) => {
    // Loaded when somebody asks: a start does not wait for it.
    const { renderPage } = await import('./render-page.ts');
    return reply
      .headers({
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': PAGE_POLICY,
        'cache-control': 'no-cache',
      })
      .send(
        renderPage({
          document: JSON.parse(page.text) as DocsPage['document'],
          shows: page.shows,
          origin: `${schemeOf(request, behindTls)}://${request.host}`,
        }),
      );
  };
  app.get('/docs', hidden, async (request, reply) => {
    requireRead(request, 'docs');
    return show(request, reply, { shows: 'service', text: await document() });
  });
  app.get('/docs/connectors', hidden, async (request, reply) => {
    requireRead(request, 'docs');
    const text = await describeConnectors(await document(), readCallOptions(request, reply));
    return show(request, reply, { shows: 'connectors', text });
  });
  app.get('/docs/style.css', hidden, async (_request, reply) =>
    reply.headers({ 'content-type': 'text/css; charset=utf-8', 'cache-control': 'no-cache' }).send(STYLE),
  );
}

/** Names that browsers trust without TLS. */
const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::|$)/;

/**
 * By which the reader called, and is told to call. What a proxy says of that is not believed; but browsers send this header over TLS alone, or to their own
 * machine.
 */
function schemeOf({ headers, host, protocol }: FastifyRequest, behindTls: boolean): string {
  return behindTls && headers['sec-fetch-site'] !== undefined && !LOOPBACK.test(host) ? 'https' : protocol;
}
