import { isJsonObject } from '@automate/sdk';
import type { JsonObject } from '@automate/sdk';
import { z } from 'zod';
import { badAnswer } from './slack-error.ts';

/** A message that was posted or changed. */
export const postedMessage = z.object({
  channel: z.string().describe('Id of the channel'),
  ts: z.string().describe("The message's identity within its channel"),
  thread_ts: z.string().optional(),
  text: z.string().optional().describe('The text as Slack keeps it'),
  warnings: z.array(z.string()).optional(),
});

const messageAnswer = z.object({
  channel: z.string(),
  ts: z.string(),
  message: z.object({ text: z.string().optional(), thread_ts: z.string().optional() }).optional(),
});

export function toPostedMessage(answer: JsonObject): z.output<typeof postedMessage> {
  const { channel: where, ts, message } = parseAnswer(messageAnswer, answer, 'chat');
  return {
    channel: where,
    ts,
    ...(message?.thread_ts === undefined ? {} : { thread_ts: message.thread_ts }),
    ...(message?.text === undefined ? {} : { text: message.text }),
    ...warningsOf(answer),
  };
}

/** A conversation. Direct messages have no name. */
export const channel = z.object({
  id: z.string(),
  name: z.string().optional(),
  is_private: z.boolean(),
  is_archived: z.boolean(),
  is_member: z.boolean().describe('Whether the app is in it'),
  is_im: z.boolean(),
  is_mpim: z.boolean(),
  num_members: z.number().optional(),
  topic: z.string().optional(),
  purpose: z.string().optional(),
  user: z.string().optional().describe('The other one of a direct message'),
});

const named = z.object({ value: z.string() }).optional();

const channelData = z.object({
  id: z.string(),
  name: z.string().optional(),
  is_private: z.boolean().optional(),
  is_archived: z.boolean().optional(),
  is_member: z.boolean().optional(),
  is_im: z.boolean().optional(),
  is_mpim: z.boolean().optional(),
  num_members: z.number().optional(),
  topic: named,
  purpose: named,
  user: z.string().optional(),
});

export const channelAnswer = z.object({ channel: channelData });

export const channelsAnswer = z.object({ channels: z.array(channelData) });

export function toChannel(data: z.output<typeof channelData>): z.output<typeof channel> {
  return {
    id: data.id,
    ...(data.name === undefined ? {} : { name: data.name }),
    is_private: data.is_private ?? false,
    is_archived: data.is_archived ?? false,
    is_member: data.is_member ?? false,
    is_im: data.is_im ?? false,
    is_mpim: data.is_mpim ?? false,
    ...(data.num_members === undefined ? {} : { num_members: data.num_members }),
    ...(data.topic === undefined ? {} : { topic: data.topic.value }),
    ...(data.purpose === undefined ? {} : { purpose: data.purpose.value }),
    ...(data.user === undefined ? {} : { user: data.user }),
  };
}

/** A member of the workspace. */
export const user = z.object({
  id: z.string(),
  name: z.string(),
  real_name: z.string().optional(),
  display_name: z.string().optional(),
  email: z.string().optional(),
  team_id: z.string().optional(),
  tz: z.string().optional(),
  deleted: z.boolean(),
  is_bot: z.boolean(),
});

export const userData = z.object({
  id: z.string(),
  name: z.string(),
  real_name: z.string().optional(),
  team_id: z.string().optional(),
  tz: z.string().nullish(),
  deleted: z.boolean().optional(),
  is_bot: z.boolean().optional(),
  profile: z
    .object({ display_name: z.string().optional(), email: z.string().nullish(), real_name: z.string().optional() })
    .optional(),
});

export const userAnswer = z.object({ user: userData });

export function toUser(data: z.output<typeof userData>): z.output<typeof user> {
  const realName = data.real_name ?? data.profile?.real_name;
  return {
    id: data.id,
    name: data.name,
    ...(realName === undefined ? {} : { real_name: realName }),
    ...(data.profile?.display_name === undefined ? {} : { display_name: data.profile.display_name }),
    ...(typeof data.profile?.email === 'string' ? { email: data.profile.email } : {}),
    ...(data.team_id === undefined ? {} : { team_id: data.team_id }),
    ...(typeof data.tz === 'string' ? { tz: data.tz } : {}),
    deleted: data.deleted ?? false,
    is_bot: data.is_bot ?? false,
  };
}

/** `next_cursor`, where there is a next page. Slack says "no more" with an empty text. */
export function nextCursor(answer: JsonObject): { readonly next_cursor?: string } {
  const metadata = answer['response_metadata'];
  const cursor = isJsonObject(metadata) ? metadata['next_cursor'] : undefined;
  return typeof cursor === 'string' && cursor !== '' ? { next_cursor: cursor } : {};
}

/** The part of an answer that matters here; UpstreamError where Slack sent something else. */
export function parseAnswer<S extends z.ZodType>(schema: S, answer: JsonObject, method: string): z.output<S> {
  const result = schema.safeParse(answer);
  if (result.success) return result.data;
  throw badAnswer(method, z.prettifyError(result.error).replaceAll('\n', ' '));
}

function warningsOf(answer: JsonObject): { readonly warnings?: string[] } {
  const metadata = answer['response_metadata'];
  const warnings = isJsonObject(metadata) ? metadata['warnings'] : undefined;
  return Array.isArray(warnings) && warnings.length > 0 ? { warnings: warnings.map(String) } : {};
}

/** What `auth.test` says of a token. */
export const identity = z.object({ team: z.string(), user: z.string() });
