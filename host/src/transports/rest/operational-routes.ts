import { UnavailableError } from '@automate/contract';
import type { FastifyInstance } from 'fastify';

export interface OperationalRoutesOptions {
  /** Whether the host serves: false while it starts and while it drains. */
  ready(): boolean;
  /** The metrics in Prometheus' text format; absent: `/metrics` is an unknown route. */
  readonly metrics: (() => Promise<string>) | undefined;
  /** The OpenAPI document as JSON text. */
  describeRoutes(): Promise<string>;
}

/** The routes for whoever operates the host, not for callers of connectors. None of them depends on a connector's state. */
export function addOperationalRoutes(
  app: FastifyInstance,
  { ready, metrics, describeRoutes }: OperationalRoutesOptions,
): void {
  const hidden = { schema: { hide: true } };
  app.get('/health/live', hidden, async () => ({ status: 'live' }));
  app.get('/health/ready', hidden, async () => {
    if (ready()) return { status: 'ready' };
    throw new UnavailableError('the host does not serve: it is starting or shutting down', {
      details: { reason: 'not_ready' },
    });
  });
  if (metrics !== undefined) {
    app.get('/metrics', hidden, async (_request, reply) => {
      reply.header('content-type', 'text/plain; version=0.0.4; charset=utf-8');
      return metrics();
    });
  }
  let document: Promise<string> | undefined;
  app.get('/openapi.json', hidden, async (_request, reply) => {
    reply.header('content-type', 'application/json; charset=utf-8');
    return (document ??= describeRoutes());
  });
}
