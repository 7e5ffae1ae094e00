import type { FakeReply, RecordedRequest } from '@automate/testing';
import { FakeService } from '@automate/testing';
import type { JsonObject } from '@automate/sdk';

export const TOKEN = 'bot-token-right';
export const HOOK = { name: 'deploys', id: '900', token: 'hook-token-right' };

interface Message extends JsonObject {
  readonly id: string;
  readonly channel_id: string;
}

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
 * NOT Discord: a stand-in that keeps messages and reactions, with routes, fields and error codes of Discord's published
 * document for API v10.
 */
export async function startDiscord(): Promise<FakeService> {
  const messages = new Map<string, Message>();
  const nonces = new Map<string, Message>();
  const service = await FakeService.start();
  const asBot = (answer: (request: RecordedRequest) => FakeReply) => (request: RecordedRequest) =>
    request.headers['authorization'] === `Bot ${TOKEN}` ? answer(request) : refuse(401, 0, '401: Unauthorized');
  const make = (request: RecordedRequest, channel: string): Message => {
    const body = request.json() as JsonObject;
    const id = String(1000 + messages.size);
    const message = {
      ...{
        id,
        channel_id: channel,
        type: 0,
        content: body['content'] ?? '',
        embeds: body['embeds'] ?? [],
        attachments: [],
      },
      ...{
        mentions: [],
        mention_roles: [],
        mention_everyone: false,
        pinned: false,
        tts: false,
        flags: 0,
        components: [],
      },
      ...{ timestamp: '2026-01-31T12:00:00.000000+00:00', edited_timestamp: null, author: AUTHOR },
    };
    messages.set(id, message);
    return message;
  };

  service.on(
    'GET',
    '/api/v10/users/@me',
    asBot(() => ({ json: { ...AUTHOR, mfa_enabled: true, locale: 'en-US', flags: 0 } })),
  );
  service.on(
    'POST',
    /^\/api\/v10\/channels\/\d+\/messages$/,
    asBot((request) => {
      const channel = idsOf(request)[0] ?? '';
      if (channel === '404') return refuse(404, 10003, 'Unknown Channel');
      const { nonce, enforce_nonce: enforced } = request.json() as JsonObject;
      const before = enforced === true ? nonces.get(String(nonce)) : undefined;
      const message = before ?? make(request, channel);
      if (enforced === true) nonces.set(String(nonce), message);
      return { json: message };
    }),
  );
  service.on(
    '*',
    /^\/api\/v10\/channels\/\d+\/messages\/\d+$/,
    asBot((request) => {
      const id = idsOf(request)[1] ?? '';
      const message = messages.get(id);
      if (message === undefined) return refuse(404, 10008, 'Unknown Message');
      if (request.method === 'DELETE') {
        messages.delete(id);
        return { status: 204 };
      }
      const edited = {
        ...message,
        ...(request.json() as JsonObject),
        edited_timestamp: '2026-01-31T12:05:00.000000+00:00',
      };
      messages.set(id, edited);
      return { json: edited };
    }),
  );
  service.on(
    'PUT',
    /\/reactions\/[^/]+\/@me$/,
    asBot(() => ({ status: 204 })),
  );
  service.on(
    'GET',
    '/api/v10/guilds/7/channels',
    asBot(() => ({ json: CHANNELS })),
  );
  service.on('*', /^\/api\/v10\/webhooks\//, (request) => {
    if (!request.path.endsWith(`/webhooks/${HOOK.id}/${HOOK.token}`)) return refuse(404, 10015, 'Unknown Webhook');
    if (request.method === 'GET') return { json: { id: HOOK.id, type: 1, name: 'Deploys', channel_id: '71' } };
    const message = make(request, request.query.get('thread_id') ?? '71');
    return request.query.get('wait') === 'true' ? { json: message } : { status: 204 };
  });
  return service;
}

export function refuse(status: number, code: number, message: string, errors?: JsonObject): FakeReply {
  return { status, json: { code, message, ...(errors === undefined ? {} : { errors }) } };
}

function idsOf({ path }: RecordedRequest): string[] {
  return [...path.matchAll(/\/(\d+)(?=\/|$)/g)].map(([, id]) => id ?? '');
}
