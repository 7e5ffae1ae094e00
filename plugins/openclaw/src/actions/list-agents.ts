import { action } from '@automate/sdk';
import { z } from 'zod';
import type { GatewayClient } from '../gateway-client.ts';
import { parseAnswer } from '../gateway-error.ts';
import { defined } from '../outputs.ts';

const output = z.object({
  default_id: z.string().describe('The agent of runs that name none'),
  agents: z.array(
    z.object({
      id: z.string(),
      name: z.string().optional(),
      emoji: z.string().optional(),
      model: z.string().optional(),
      workspace: z.string().optional(),
    }),
  ),
});
const answer = z.object({
  defaultId: z.string(),
  agents: z.array(
    z.object({
      id: z.string(),
      name: z.string().optional(),
      identity: z.object({ name: z.string().optional(), emoji: z.string().optional() }).optional(),
      model: z.object({ primary: z.string().optional() }).optional(),
      workspace: z.string().optional(),
    }),
  ),
});

/** Lists the agents of the gateway. */
export const listAgents = (gateway: GatewayClient) =>
  action({
    description: 'Lists the agents that the gateway runs.',
    input: z.strictObject({}),
    output,
    sideEffects: false,
    idempotent: true,
    async run(_payload, context) {
      const { defaultId, agents } = parseAnswer(
        answer,
        await gateway.request(context, 'agents.list', {}),
        'agents.list',
      );
      return {
        default_id: defaultId,
        agents: agents.map(({ id, name, identity, model, workspace }) =>
          defined({ id, name: name ?? identity?.name, emoji: identity?.emoji, model: model?.primary, workspace }),
        ),
      };
    },
  });
