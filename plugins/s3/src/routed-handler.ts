import type { Agent as HttpsAgent } from 'node:https';
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { ConnectorContext } from '@automate/sdk';
import { openAgents, proxyError } from '@automate/sdk/exchange';
import { NodeHttpHandler } from '@smithy/node-http-handler';

type Handle = NodeHttpHandler['handle'];

/** Sends the library's requests over connections like those of `ctx.http`: with the connector's TLS and its, or the host's, proxy. */
export function routedHandler(context: ConnectorContext): NonNullable<S3ClientConfig['requestHandler']> {
  const agents = openAgents(context);
  const handlers = new Map<unknown, NodeHttpHandler>();
  const handle: Handle = async (request, options) => {
    const { protocol, hostname, port } = request;
    const url = new URL(`${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`);
    const { agent, proxy: through } = await (await agents).own(url);
    const handler = handlers.get(agent) ?? new NodeHttpHandler({ httpAgent: agent, httpsAgent: agent as HttpsAgent });
    handlers.set(agent, handler);
    try {
      return await handler.handle(request, options);
    } catch (thrown) {
      const { syscall } = (thrown ?? {}) as { readonly syscall?: unknown };
      const connected = syscall === 'read' || syscall === 'write';
      throw proxyError(thrown, { what: `${request.method} ${url.origin}`, url, proxy: through, connected }) ?? thrown;
    }
  };
  return { metadata: { handlerProtocol: 'http/1.1' }, handle, destroy: () => void agents.then((made) => made.close()) };
}
