/**
 * The routes, queries and body fields of Discord's published document for API v10 (MIT), as far as this connector uses them. The stand-in
 * refuses to answer anything else, so that it cannot drift into a Discord of our own making.
 */
const ROUTES: readonly (readonly [route: string, query: string, body: string])[] = [
  ['GET /users/@me', '', ''],
  ['POST /users/@me/channels', '', 'access_tokens nicks recipient_id'],
  ['GET /guilds/{guild_id}/channels', '', ''],
  ['GET /guilds/{guild_id}/emojis', '', ''],
  ['GET /guilds/{guild_id}/roles', '', ''],
  ['GET /guilds/{guild_id}/members', 'limit after', ''],
  ['GET /guilds/{guild_id}/members/search', 'limit query', ''],
  ['GET /guilds/{guild_id}/members/{user_id}', '', ''],
  ['PUT /guilds/{guild_id}/members/{user_id}/roles/{role_id}', '', ''],
  ['DELETE /guilds/{guild_id}/members/{user_id}/roles/{role_id}', '', ''],
  ['GET /guilds/{guild_id}/threads/active', '', ''],
  ['GET /channels/{channel_id}/messages', 'around before after limit', ''],
  [
    'POST /channels/{channel_id}/messages',
    '',
    'allowed_mentions attachments components content embeds enforce_nonce flags message_reference nonce poll shared_client_theme sticker_ids tts',
  ],
  ['GET /channels/{channel_id}/messages/pins', 'before limit', ''],
  ['PUT /channels/{channel_id}/messages/pins/{message_id}', '', ''],
  ['DELETE /channels/{channel_id}/messages/pins/{message_id}', '', ''],
  ['GET /channels/{channel_id}/messages/{message_id}', '', ''],
  [
    'PATCH /channels/{channel_id}/messages/{message_id}',
    '',
    'allowed_mentions attachments components content embeds flags sticker_ids',
  ],
  ['DELETE /channels/{channel_id}/messages/{message_id}', '', ''],
  ['PUT /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me', '', ''],
  ['DELETE /channels/{channel_id}/messages/{message_id}/reactions/{emoji_name}/@me', '', ''],
  [
    'POST /channels/{channel_id}/threads',
    '',
    'applied_tags auto_archive_duration invitable message name rate_limit_per_user type',
  ],
  ['POST /channels/{channel_id}/messages/{message_id}/threads', '', 'auto_archive_duration name rate_limit_per_user'],
  ['GET /webhooks/{webhook_id}/{webhook_token}', '', ''],
  [
    'POST /webhooks/{webhook_id}/{webhook_token}',
    'wait thread_id with_components',
    'allowed_mentions applied_tags attachments avatar_url components content embeds flags poll thread_name tts username',
  ],
];

interface Asked {
  readonly method: string;
  /** Below the API's root. */
  readonly path: string;
  readonly query: Iterable<string>;
  readonly body: object | undefined;
}

/** What Discord's document has against a request: undefined if nothing. */
export function undocumented({ method, path, query, body }: Asked): string | undefined {
  const route = ROUTES.find(([each]) => patternOf(each).test(`${method} ${path}`));
  if (route === undefined) return 'no such route';
  const [, queries, fields] = route;
  const strange = [...query].find((name) => !queries.split(' ').includes(name));
  if (strange !== undefined) return `no query ${strange}`;
  const field = Object.keys(body ?? {}).find((name) => !fields.split(' ').includes(name));
  return field === undefined ? undefined : `no field ${field}`;
}

function patternOf(route: string): RegExp {
  return new RegExp(`^${route.replaceAll(/\{\w*id\}/g, '\\d+').replaceAll(/\{\w+\}/g, '[^/]+')}$`);
}
