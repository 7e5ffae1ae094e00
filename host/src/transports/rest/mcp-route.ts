import { MAX_PAYLOAD_BYTES } from '@automate/contract';
import type { FastifyInstance } from 'fastify';
import type { AgentDoor } from '../agent-door.ts';
import { admittedOf } from '../sign-in.ts';
import { bodyText } from './request-body.ts';

/** What a message may have beside the payload that it carries, in bytes. */
const ENVELOPE_BYTES = 64 * 1024;

/** The one route of agents, which write their answers themselves. */
export function addMcpRoute(app: FastifyInstance, door: AgentDoor): void {
  app.route({
    method: ['GET', 'POST', 'DELETE'],
    url: '/mcp',
    bodyLimit: MAX_PAYLOAD_BYTES + ENVELOPE_BYTES,
    schema: { hide: true },
    async handler(request, reply) {
      const admitted = admittedOf(request.raw);
      if (admitted === undefined) throw new Error('nobody let this request in');
      reply.hijack();
      const body = request.method === 'POST' ? bodyText(request) : undefined;
      await door.answer({ request: request.raw, response: reply.raw, body, admitted });
    },
  });
}
