import type { JsonObject, JsonValue } from '@automate/sdk';
import type { FakeScript, RecordedRequest } from '@automate/testing';
import { FakeService } from '@automate/testing';
import { undocumented } from './documented-methods.ts';

export const TOKEN = 'xoxb-right';
/** The app itself. */
const SELF = 'U0APP';

interface Message {
  ts: string;
  user: string;
  text: string;
  thread_ts?: string;
  blocks?: JsonValue;
  reactions: { name: string; users: string[] }[];
}

interface Channel {
  readonly id: string;
  readonly name: string;
  readonly is_private: boolean;
  is_archived: boolean;
  members: string[];
  messages: Message[];
}

type Answer = JsonObject | string;
type Form = Readonly<Record<string, string>>;

/** What a method does: an answer, or the error string that it refuses with. */
type Method = (form: Form) => Answer;

const USERS: (JsonObject & { readonly id: string })[] = [
  { id: 'U061F7AUR', name: 'spengler', deleted: false, is_bot: false, tz: null, profile: { email: null } },
  { id: 'W012A3CDE', name: 'venkman', deleted: true, is_bot: false, profile: { display_name: 'peter' } },
  { id: SELF, name: 'ecto1', deleted: false, is_bot: true, profile: {} },
];

/**
 * NOT Slack: a workspace that keeps channels, messages and reactions. It takes the form-encoded calls of the official library, checks the
 * token, takes only arguments that Slack documents, and answers and refuses with the fields and strings of Slack's documents.
 */
export async function startWorkspace(): Promise<FakeService> {
  const service = await FakeService.start();
  const methods = createMethods();
  service.on('POST', /^\/api\//, (request) => {
    const method = request.path.replace('/api/', '');
    const form = formOf(request);
    const answer = refusal(request) ?? undocumented(method, form) ?? methods[method]?.(form) ?? 'unknown_method';
    const json: JsonObject = typeof answer === 'string' ? { ok: false, error: answer } : { ok: true, ...answer };
    return { json };
  });
  return service;
}

/** Scripts one method; neither its token nor its arguments are checked then. */
export function onMethod(service: FakeService, method: string, script: FakeScript): void {
  service.on('POST', `/api/${method}`, script);
}

export function formOf(request: RecordedRequest | undefined): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(request?.text() ?? ''));
}

function refusal({ headers }: RecordedRequest): string | undefined {
  if (headers['authorization'] === `Bearer ${TOKEN}`) return undefined;
  return headers['authorization'] === undefined ? 'not_authed' : 'invalid_auth';
}

function createMethods(): Readonly<Record<string, Method>> {
  const general: Channel = {
    id: 'C024BE91L',
    name: 'general',
    is_private: false,
    is_archived: false,
    members: [SELF, 'U061F7AUR'],
    messages: [{ ts: '1401383885.000061', user: SELF, text: 'First', reactions: [] }],
  };
  const channels = [general];
  let clock = 1_503_435_956_000_246;
  const nextTs = (): string => {
    clock += 1;
    return `${Math.floor(clock / 1e6)}.${String(clock % 1e6).padStart(6, '0')}`;
  };
  const inChannel =
    (work: (channel: Channel, form: Form) => Answer): Method =>
    (form) => {
      const channel = channels.find(({ id }) => id === form['channel']);
      return channel === undefined ? 'channel_not_found' : work(channel, form);
    };
  const onMessage = (work: (message: Message, form: Form, channel: Channel) => Answer): Method =>
    inChannel((channel, form) => {
      const wanted = form['ts'] ?? form['timestamp'] ?? form['message_ts'];
      const message = channel.messages.find(({ ts }) => ts === wanted);
      return message === undefined ? 'message_not_found' : work(message, form, channel);
    });
  const post = (channel: Channel, form: Form): Answer => {
    if (channel.is_archived) return 'is_archived';
    if (isEmpty(form)) return 'no_text';
    const message: Message = { ts: nextTs(), user: SELF, text: form['text'] ?? '', reactions: [], ...partsOf(form) };
    channel.messages.push(message);
    return { channel: channel.id, ts: message.ts, message: shown(message) };
  };
  const open = (users: string[]): Answer => {
    if (users.some((id) => USERS.every((user) => user.id !== id))) return 'user_not_found';
    return { channel: { id: `D${users.join('')}` }, no_op: true, already_open: true };
  };

  return {
    'auth.test': () => ({
      url: 'https://subarachnoid.slack.com/',
      team: 'Subarachnoid Workspace',
      user: 'grace',
      team_id: 'T12345678',
      user_id: 'W12345678',
    }),
    'chat.postMessage': inChannel(post),
    'chat.postEphemeral': inChannel((channel, form) => {
      if (!channel.members.includes(form['user'] ?? '')) return 'user_not_in_channel';
      return isEmpty(form) ? 'no_text' : { message_ts: nextTs() };
    }),
    'chat.scheduleMessage': inChannel((channel, form) => {
      if (!/^\d+$/.test(form['post_at'] ?? '')) return 'invalid_time';
      if (Number(form['post_at']) * 1000 < Date.now()) return 'time_in_past';
      if (isEmpty(form)) return 'no_text';
      return { channel: channel.id, scheduled_message_id: 'Q1298393284', post_at: form['post_at'] ?? '', message: {} };
    }),
    'chat.update': onMessage((message, form, channel) => {
      Object.assign(message, partsOf(form), form['text'] === undefined ? {} : { text: form['text'] });
      return { channel: channel.id, ts: message.ts, text: message.text, message: { text: message.text } };
    }),
    'chat.delete': onMessage((message, _form, channel) => {
      channel.messages = channel.messages.filter((other) => other !== message);
      return { channel: channel.id, ts: message.ts };
    }),
    'chat.getPermalink': onMessage((message, _form, channel) => ({
      channel: channel.id,
      permalink: `https://subarachnoid.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}`,
    })),
    'conversations.history': inChannel((channel, form) =>
      pageOf(channel.messages.filter((message) => isRoot(message) && isWithin(message, form)).toReversed(), form),
    ),
    'conversations.replies': onMessage((root, form, channel) =>
      pageOf(
        channel.messages.filter((message) => message === root || message.thread_ts === root.ts),
        form,
      ),
    ),
    'conversations.info': inChannel((channel, form) => ({
      channel: {
        ...described(channel),
        ...(form['include_num_members'] === 'true' ? { num_members: channel.members.length } : {}),
      },
    })),
    'conversations.members': inChannel((channel) => ({
      members: channel.members,
      response_metadata: { next_cursor: '' },
    })),
    'conversations.create': ({ name = '', is_private: isPrivate }) => {
      if (!/^[a-z0-9_-]{1,80}$/.test(name)) return 'invalid_name_specials';
      if (channels.some((channel) => channel.name === name)) return 'name_taken';
      const id = `C${channels.length}`;
      const made = { id, name, is_private: isPrivate === 'true', is_archived: false, members: [SELF], messages: [] };
      channels.push(made);
      return { channel: described(made) };
    },
    'conversations.rename': inChannel((channel, { name = '' }) => ({ channel: { ...described(channel), name } })),
    'conversations.invite': inChannel((channel, { users = '' }): Answer => {
      if (channel.is_archived) return 'is_archived';
      const wanted = users.split(',');
      if (wanted.some((user) => USERS.every(({ id }) => id !== user))) return 'user_not_found';
      const error = 'already_in_channel';
      const errors = wanted
        .filter((user) => channel.members.includes(user))
        .map((user) => ({ user, ok: false, error }));
      if (errors.length > 0) return { ok: false, error, errors };
      channel.members.push(...users.split(','));
      return { channel: described(channel) };
    }),
    'conversations.archive': inChannel((channel) => {
      if (channel.is_archived) return 'already_archived';
      channel.is_archived = true;
      return {};
    }),
    'conversations.open': ({ users }) => (users === undefined ? 'users_list_not_supplied' : open(users.split(','))),
    'reactions.add': onMessage(({ reactions }, { name = '' }) => {
      if (reactions.some((reaction) => reaction.name === name)) return 'already_reacted';
      reactions.push({ name, users: [SELF] });
      return {};
    }),
    'reactions.remove': onMessage((message, { name }) => {
      if (!message.reactions.some((reaction) => reaction.name === name)) return 'no_reaction';
      message.reactions = message.reactions.filter((reaction) => reaction.name !== name);
      return {};
    }),
    'reactions.get': onMessage((message, _form, channel) => ({
      type: 'message',
      channel: channel.id,
      message: shown(message),
    })),
    'users.list': () => ({ members: USERS, cache_ts: 1_498_777_272, response_metadata: { next_cursor: '' } }),
    'files.list': ({ page = '1', count = '100' }) => ({
      files: [{ id: `F${page}`, name: 'billair.gif', mimetype: 'image/gif', size: 144_538, user: SELF, created: 1 }],
      paging: { count: Number(count), total: 2, page: Number(page), pages: 2 },
    }),
  };
}

function described({ id, name, is_private, is_archived, members }: Channel): JsonObject {
  const topic = { value: 'All', creator: '', last_set: 0 };
  const kind = { is_channel: true, is_private, is_archived, is_member: members.includes(SELF), is_im: false };
  return { id, name, created: 1_449_252_889, ...kind, is_mpim: false, topic, purpose: { ...topic, value: '' } };
}

/** Slack leaves out an empty list of reactions, and counts each. */
function shown({ reactions, ...message }: Message): JsonObject {
  const counted = reactions.map(({ name, users }) => ({ name, users, count: users.length }));
  return { type: 'message', ...message, ...(counted.length === 0 ? {} : { reactions: counted }) };
}

function isEmpty({ text = '', blocks = '[]', attachments = '[]' }: Form): boolean {
  return text === '' && blocks === '[]' && attachments === '[]';
}

function partsOf({ thread_ts: thread, blocks }: Form): { thread_ts?: string; blocks?: JsonValue } {
  return {
    ...(thread === undefined ? {} : { thread_ts: thread }),
    ...(blocks === undefined ? {} : { blocks: JSON.parse(blocks) as JsonValue }),
  };
}

function isRoot({ ts, thread_ts: thread }: Message): boolean {
  return thread === undefined || thread === ts;
}

function isWithin({ ts }: Message, { oldest = '0', latest = '9999999999', inclusive }: Form): boolean {
  const [at, from, to] = [Number(ts), Number(oldest), Number(latest)];
  return (at > from && at < to) || (inclusive === 'true' && (at === from || at === to));
}

function pageOf(messages: readonly Message[], { limit = '100', cursor = '0' }: Form): Answer {
  if (!/^\d+$/.test(cursor)) return 'invalid_cursor';
  const end = Number(cursor) + Number(limit);
  const more = end < messages.length;
  return {
    messages: messages.slice(Number(cursor), end).map(shown),
    has_more: more,
    ...(more ? { response_metadata: { next_cursor: String(end) } } : {}),
  };
}
