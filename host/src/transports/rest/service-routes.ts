import type { ConnectorService } from '@automate/contract';
import { MAX_PAYLOAD_BYTES } from '@automate/contract';
import type { HttpRoute, OperationId } from '@automate/contract/http';
import { API_PREFIX, HTTP_ROUTES, PROBLEM_MEDIA_TYPE, problemDocumentSchema } from '@automate/contract/http';
import { z } from 'zod';
import type { FastifyInstance } from 'fastify';
import { readCallOptions } from './call-options.ts';
import { createHandlers } from './handlers.ts';
import { EventStreams } from './event-streams.ts';

/** Every route of the contract's table, translated to the service. */
export function addServiceRoutes(app: FastifyInstance, service: ConnectorService, streams = new EventStreams()): void {
  const handlers = createHandlers(service, streams);
  for (const [operationId, route] of Object.entries(HTTP_ROUTES) as [OperationId, HttpRoute][]) {
    const handle = handlers[operationId];
    app.route({
      method: route.method,
      url: API_PREFIX + route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      // Configurations have a lower limit, which the service itself checks.
      bodyLimit: MAX_PAYLOAD_BYTES,
      schema: toFastifySchema(operationId, route),
      handler: (request, reply) => handle({ request, reply, options: readCallOptions(request, reply) }),
    });
  }
}

function toFastifySchema(operationId: OperationId, route: HttpRoute) {
  return {
    operationId,
    summary: route.summary,
    tags: [route.tag],
    ...(route.params === undefined ? {} : { params: route.params }),
    ...(route.query === undefined ? {} : { querystring: route.query }),
    ...(route.headers === undefined ? {} : { headers: route.headers }),
    ...(route.body === undefined ? {} : { body: route.body }),
    response: {
      [route.status]: {
        description: 'Done',
        content: {
          [route.media ?? 'application/json']: { schema: route.answer },
          ...(route.stream === undefined ? {} : { [route.stream]: { schema: z.string() } }),
        },
      },
      ...(route.accepted === undefined
        ? {}
        : {
            202: { description: 'Not over yet', content: { 'application/json': { schema: route.accepted } } },
          }),
      default: {
        description: 'An error, by its code',
        content: { [PROBLEM_MEDIA_TYPE]: { schema: problemDocumentSchema } },
      },
    },
  };
}
