/**
 * The arguments of each method as Slack's published document (MIT) and the types of its own library name them, `!` after those that must be
 * there. The stand-in refuses all others, so that it cannot drift into a Slack of our own making.
 */
const METHODS: Readonly<Record<string, string>> = {
  'auth.test': '',
  'chat.delete': 'channel! ts! as_user',
  'chat.getPermalink': 'channel! message_ts!',
  'chat.postEphemeral':
    'channel! user! as_user attachments blocks icon_emoji icon_url link_names parse text thread_ts username markdown_text',
  'chat.postMessage':
    'channel! as_user attachments blocks icon_emoji icon_url link_names mrkdwn parse reply_broadcast text thread_ts unfurl_links unfurl_media username metadata markdown_text',
  'chat.scheduleMessage':
    'channel! post_at! text parse as_user link_names attachments blocks unfurl_links unfurl_media thread_ts reply_broadcast metadata markdown_text',
  'chat.update':
    'channel! ts! as_user attachments blocks link_names parse text metadata reply_broadcast file_ids markdown_text',
  'conversations.archive': 'channel!',
  'conversations.create': 'name! is_private team_id',
  'conversations.history': 'channel! latest oldest inclusive limit cursor include_all_metadata',
  'conversations.info': 'channel! include_locale include_num_members',
  'conversations.invite': 'channel! users! force',
  'conversations.list': 'exclude_archived types limit cursor team_id',
  'conversations.members': 'channel! limit cursor',
  'conversations.open': 'channel users return_im prevent_creation',
  'conversations.rename': 'channel! name!',
  'conversations.replies': 'channel! ts! latest oldest inclusive limit cursor include_all_metadata',
  'files.completeUploadExternal': 'files! channel_id channels initial_comment thread_ts blocks',
  'files.getUploadURLExternal': 'filename! length! alt_txt snippet_type',
  'files.list': 'user channel ts_from ts_to types count page show_files_hidden_by_limit team_id',
  'reactions.add': 'channel! name! timestamp!',
  'reactions.get': 'channel file file_comment full timestamp',
  'reactions.remove': 'name! file file_comment channel timestamp',
  'users.info': 'include_locale user!',
  'users.list': 'limit cursor include_locale team_id',
  'users.lookupByEmail': 'email!',
};

/** What Slack's documents have against a call: undefined if nothing. */
export function undocumented(method: string, given: Readonly<Record<string, string>>): string | undefined {
  const line = METHODS[method];
  if (line === undefined) return 'unknown_method';
  const words = line.split(' ').filter((word) => word !== '');
  const names = new Set(words.map((word) => word.replace('!', '')));
  const strange = Object.keys(given).some((name) => !names.has(name));
  const missing = words.some((word) => word.endsWith('!') && given[word.slice(0, -1)] === undefined);
  return strange || missing ? 'invalid_arguments' : undefined;
}
