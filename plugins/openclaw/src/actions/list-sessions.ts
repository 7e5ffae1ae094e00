import { action } from '@automate/sdk';
import { z } from 'zod';
import type { GatewayClient } from '../gateway-client.ts';
import { parseAnswer } from '../gateway-error.ts';
import { defined, time, toTime } from '../outputs.ts';

const input = z.strictObject({
  agent_id: z.string().min(1).optional().describe('Only sessions of this agent'),
  search: z.string().min(1).optional(),
  active_minutes: z.int().min(1).optional().describe('Only sessions that were active in the last so many minutes'),
  include_last_message: z.boolean().default(false).describe('Whether the beginning of the last message is given too'),
  limit: z.int().min(1).max(1000).default(100).describe('Most sessions of one page'),
  offset: z.int().nonnegative().default(0).describe('`next_offset` of the page before'),
});
const output = z.object({
  sessions: z.array(
    z.object({
      key: z.string(),
      kind: z.string().describe('"direct", "group", "global" or "unknown"'),
      agent_id: z.string().optional(),
      session_id: z.string().optional(),
      label: z.string().optional(),
      channel: z.string().optional(),
      status: z
        .string()
        .optional()
        .describe('Of its last run: "queued", "running", "done", "failed", "killed" or "timeout"'),
      model: z.string().optional(),
      last_message: z.string().optional(),
      updated_at: time,
    }),
  ),
  total: z.int().nonnegative().optional(),
  next_offset: z.int().nonnegative().optional().describe('Where the next page begins; absent on the last one'),
});
const answer = z.object({
  totalCount: z.int().nonnegative().optional(),
  hasMore: z.boolean().optional(),
  nextOffset: z.int().nonnegative().nullish(),
  sessions: z.array(
    z.object({
      key: z.string(),
      kind: z.string(),
      agentId: z.string().optional(),
      sessionId: z.string().optional(),
      label: z.string().optional(),
      displayName: z.string().optional(),
      channel: z.string().optional(),
      status: z.string().optional(),
      model: z.string().optional(),
      lastMessagePreview: z.string().optional(),
      updatedAt: z.number().nullish(),
    }),
  ),
});

/** Lists sessions, the latest first, a page at a time. */
export const listSessions = (gateway: GatewayClient) =>
  action({
    description: 'Lists the conversations that the gateway keeps, the latest first, a page at a time.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload, context) {
      const params = defined({
        agentId: payload.agent_id,
        search: payload.search,
        activeMinutes: payload.active_minutes,
        includeLastMessage: payload.include_last_message ? true : undefined,
        limit: payload.limit,
        offset: payload.offset === 0 ? undefined : payload.offset,
      });
      const page = parseAnswer(
        answer,
        await gateway.request(context, 'sessions.list', params as never),
        'sessions.list',
      );
      const next = page.nextOffset ?? (page.hasMore === true ? payload.offset + page.sessions.length : undefined);
      // Whoever follows a page to itself never comes to an end.
      const isFurther = next !== undefined && next > payload.offset;
      return defined({
        sessions: page.sessions.map((session) =>
          defined({
            key: session.key,
            kind: session.kind,
            agent_id: session.agentId,
            session_id: session.sessionId,
            label: session.label ?? session.displayName,
            channel: session.channel,
            status: session.status,
            model: session.model,
            last_message: session.lastMessagePreview,
            updated_at: toTime(session.updatedAt),
          }),
        ),
        total: page.totalCount,
        next_offset: isFurther ? next : undefined,
      });
    },
  });
