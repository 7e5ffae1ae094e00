import type { FakeReply, RecordedRequest } from '@automate/testing';
import { FakeService } from '@automate/testing';
import type { JsonObject, JsonValue } from '@automate/sdk';
import { undocumented } from './documented-routes.ts';

export const TOKEN = 'bot-token-right';
export const HOOK = { name: 'deploys', id: '900', token: 'hook-token-right' };

interface Message {
  readonly id: string;
  readonly channel_id: string;
  readonly fields: JsonObject;
  reactions: string[];
  pinned: boolean;
}

const ROLES = [
  {
    id: '90',
    name: 'ops',
    permissions: '2048',
    position: 1,
    color: 0,
    hoist: false,
    managed: false,
    mentionable: true,
  },
];

const AUTHOR = {
  id: '42',
  username: 'automaton',
  discriminator: '0000',
  avatar: null,
  global_name: null,
  public_flags: 0,
};

const CHANNELS: JsonObject[] = [
  { id: '70', type: 4, guild_id: '7', name: 'Text', position: 0, flags: 0, parent_id: null },
  {
    id: '71',
    type: 0,
    guild_id: '7',
    name: 'general',
    position: 1,
    flags: 0,
    parent_id: '70',
    topic: 'All',
    nsfw: false,
  },
  { id: '72', type: 99, guild_id: '7', name: 'new', position: 2, flags: 0, topic: null },
];

/**
 * NOT Discord: a stand-in that keeps messages, reactions, pins and roles, with routes, fields and error codes of Discord's published
 * document for API v10. What that document does not have is refused.
 */
export async function startDiscord(): Promise<FakeService> {
  const messages = new Map<string, Message>();
  const nonces = new Map<string, Message>();
  const roles = new Set<string>();
  const service = await FakeService.start();

  const make = (body: JsonObject, channel: string, attachments: JsonObject[]): Message => {
    const id = String(1000 + messages.size);
    const { content = '', embeds = [], message_reference: reference } = body;
    const fields = {
      type: 0,
      content,
      embeds,
      attachments,
      ...(reference === undefined ? {} : { message_reference: reference }),
    };
    const message = {
      id,
      channel_id: channel,
      fields: { ...fields, edited_timestamp: null },
      reactions: [],
      pinned: false,
    };
    messages.set(id, message);
    return message;
  };
  const find = (id: string, answer: (message: Message) => FakeReply): FakeReply => {
    const message = messages.get(id);
    return message === undefined ? refuse(404, 10008, 'Unknown Message') : answer(message);
  };
  const isEmpty = ({ content = '', embeds = [] }: JsonObject, attachments: JsonObject[]): boolean =>
    content === '' && (embeds as JsonValue[]).length === 0 && attachments.length === 0;

  const answer = async (request: RecordedRequest, path: string): Promise<FakeReply> => {
    const { body, attachments } = await read(request);
    const against = undocumented({ method: request.method, path, query: request.query.keys(), body });
    if (against === 'no such route') return refuse(404, 0, '404: Not Found');
    if (against !== undefined) return refuse(400, 50035, `Invalid Form Body: ${against}`);
    const ids = idsOf(path);
    const [first = '', second = ''] = ids;
    const what = `${request.method} ${path.replaceAll(/\/\d+/g, '/#').replace(/reactions\/[^/]+/, 'reactions/#')}`;
    switch (what) {
      case 'GET /users/@me':
        return { json: { ...AUTHOR, mfa_enabled: true, locale: 'en-US', flags: 0 } };
      case 'POST /users/@me/channels':
        return { json: { id: `5${String(body?.['recipient_id'])}`, type: 1, recipients: [] } };
      case 'GET /guilds/#/channels':
        return { json: CHANNELS };
      case 'GET /guilds/#/emojis':
        return { json: [{ id: '123456', name: 'party_parrot' }] };
      case 'GET /guilds/#/roles':
        return { json: ROLES };
      case 'GET /guilds/#/threads/active':
        return { json: { threads: [threadOf('Active', '71')], members: [], has_more: false } };
      case 'GET /guilds/#/members':
      case 'GET /guilds/#/members/search':
        return { json: [member([...roles])] };
      case 'GET /guilds/#/members/#':
        return second === AUTHOR.id ? { json: member([...roles]) } : refuse(404, 10007, 'Unknown Member');
      case 'PUT /guilds/#/members/#/roles/#':
        roles.add(ids[2] ?? '');
        return { status: 204 };
      case 'DELETE /guilds/#/members/#/roles/#':
        roles.delete(ids[2] ?? '');
        return { status: 204 };
      case 'POST /channels/#/messages': {
        if (first === '404') return refuse(404, 10003, 'Unknown Channel');
        if (isEmpty(body ?? {}, attachments)) return refuse(400, 50006, 'Cannot send an empty message');
        const { nonce, enforce_nonce: enforced } = body ?? {};
        const before = enforced === true ? nonces.get(String(nonce)) : undefined;
        const message = before ?? make(body ?? {}, first, attachments);
        if (enforced === true) nonces.set(String(nonce), message);
        return { json: shown(message) };
      }
      case 'GET /channels/#/messages': {
        const [before, after] = [request.query.get('before'), request.query.get('after')].map((id) =>
          Number(id ?? Number.NaN),
        );
        const found = [...messages.values()].filter(
          ({ id, channel_id: channel }) =>
            channel === first && !(Number(id) >= (before ?? 0)) && !(Number(id) <= (after ?? 0)),
        );
        return {
          json: found
            .toReversed()
            .slice(0, Number(request.query.get('limit') ?? 50))
            .map(shown),
        };
      }
      case 'GET /channels/#/messages/#':
        return find(second, (message) => ({ json: shown(message) }));
      case 'PATCH /channels/#/messages/#':
        return find(second, (message) => {
          Object.assign(message.fields, body, { edited_timestamp: '2026-01-31T12:05:00.000000+00:00' });
          return { json: shown(message) };
        });
      case 'DELETE /channels/#/messages/#':
        return find(second, () => {
          messages.delete(second);
          return { status: 204 };
        });
      case 'GET /channels/#/messages/pins': {
        const items = [...messages.values()].filter(({ pinned }) => pinned);
        const pins = items.map((message) => ({
          pinned_at: '2026-01-31T12:10:00.000000+00:00',
          message: shown(message),
        }));
        return { json: { items: pins, has_more: false } };
      }
      case 'PUT /channels/#/messages/pins/#':
      case 'DELETE /channels/#/messages/pins/#':
        return find(second, (message) => {
          message.pinned = request.method === 'PUT';
          return { status: 204 };
        });
      case 'PUT /channels/#/messages/#/reactions/#/@me':
      case 'DELETE /channels/#/messages/#/reactions/#/@me':
        return find(second, (message) => {
          const emoji = decodeURIComponent(path.split('/').at(-2) ?? '');
          const others = message.reactions.filter((each) => each !== emoji);
          message.reactions = request.method === 'PUT' ? [...others, emoji] : others;
          return { status: 204 };
        });
      case 'POST /channels/#/messages/#/threads':
        return find(second, () => ({ status: 201, json: threadOf(String(body?.['name']), first) }));
      case 'POST /channels/#/threads':
        // Only a forum takes a message, and it takes no type.
        return 'message' in (body ?? {}) === 'type' in (body ?? {})
          ? refuse(400, 50035, 'Invalid Form Body')
          : { status: 201, json: threadOf(String(body?.['name']), first) };
      default:
        return refuse(500, 0, `the stand-in cannot do ${what}`);
    }
  };

  service.on('*', /^\/api\/v10\//, (request) => {
    const path = request.path.replace('/api/v10', '');
    if (request.headers['authorization'] !== `Bot ${TOKEN}`) return refuse(401, 0, '401: Unauthorized');
    return answer(request, path);
  });
  service.on('*', /^\/api\/v10\/webhooks\//, async (request) => {
    const path = request.path.replace('/api/v10', '');
    if (path !== `/webhooks/${HOOK.id}/${HOOK.token}`) return refuse(404, 10015, 'Unknown Webhook');
    if (request.method === 'GET') return { json: { id: HOOK.id, type: 1, name: 'Deploys', channel_id: '71' } };
    const { body, attachments } = await read(request);
    const against = undocumented({ method: request.method, path, query: request.query.keys(), body });
    if (against !== undefined) return refuse(400, 50035, `Invalid Form Body: ${against}`);
    if (isEmpty(body ?? {}, attachments)) return refuse(400, 50006, 'Cannot send an empty message');
    const message = make(body ?? {}, request.query.get('thread_id') ?? '71', attachments);
    return request.query.get('wait') === 'true' ? { json: shown(message) } : { status: 204 };
  });
  return service;
}

/** JSON, or a form with the JSON in one part and a file in each other. */
async function read(request: RecordedRequest): Promise<{ body: JsonObject | undefined; attachments: JsonObject[] }> {
  const type = request.headers['content-type'] ?? '';
  if (!type.startsWith('multipart/form-data'))
    return { body: request.body.byteLength === 0 ? undefined : (request.json() as JsonObject), attachments: [] };
  const form = await new Response(Buffer.from(request.body), { headers: { 'content-type': type } }).formData();
  const body = JSON.parse(String(form.get('payload_json'))) as JsonObject;
  const described = body['attachments'] as JsonObject[];
  const attachments: JsonObject[] = [];
  for (const { id, filename } of described) {
    const file = form.get(`files[${String(id)}]`);
    if (!(file instanceof Blob)) throw new Error(`no part for attachment ${String(id)}`);
    const text = Buffer.from(await file.arrayBuffer()).toString('base64');
    attachments.push({ id: `8${String(id)}`, filename: filename ?? '', size: file.size, url: `data:;base64,${text}` });
  }
  return { body, attachments };
}

function shown({ id, channel_id: channel, fields, reactions, pinned }: Message): JsonObject {
  return {
    ...{ id, channel_id: channel, author: AUTHOR, timestamp: '2026-01-31T12:00:00.000000+00:00', pinned, ...fields },
    ...{ mentions: [], mention_roles: [], mention_everyone: false, tts: false, flags: 0, components: [] },
    ...(reactions.length === 0
      ? {}
      : { reactions: reactions.map((emoji) => ({ count: 1, me: true, emoji: emojiOf(emoji) })) }),
  };
}

function emojiOf(emoji: string): JsonObject {
  const [name = '', id] = emoji.split(':');
  return { name, id: id ?? null };
}

function threadOf(name: string, parent: string): JsonObject {
  const state = { archived: false, locked: false, auto_archive_duration: 1440 };
  const counts = { message_count: 0, member_count: 1, total_message_sent: 0 };
  return { id: '600', type: 11, flags: 0, guild_id: '7', parent_id: parent, name, thread_metadata: state, ...counts };
}

function member(roles: string[]): JsonObject {
  return {
    user: AUTHOR,
    nick: null,
    roles,
    joined_at: '2025-01-01T00:00:00+00:00',
    deaf: false,
    mute: false,
    flags: 0,
  };
}

export function refuse(status: number, code: number, message: string, errors?: JsonObject): FakeReply {
  return { status, json: { code, message, ...(errors === undefined ? {} : { errors }) } };
}

function idsOf(path: string): string[] {
  return [...path.matchAll(/\/(\d+)(?=\/|$)/g)].map(([, id]) => id ?? '');
}
