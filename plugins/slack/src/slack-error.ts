import { createConnectorError, isJsonObject } from '@automate/sdk';
import type { ConnectorError, ConnectorErrorOptions, ErrorCode, JsonObject } from '@automate/sdk';

/** Slack's error strings by what they mean to a caller. One string stands in one line only. */
const STRINGS_BY_CODE: Readonly<Partial<Record<ErrorCode, readonly string[]>>> = {
  AUTH_FAILED: [
    ...['invalid_auth', 'not_authed', 'account_inactive', 'token_revoked', 'token_expired', 'bad_token'],
    ...['two_factor_setup_required', 'org_login_required', 'not_allowed_token_type'],
  ],
  FORBIDDEN: [
    ...['missing_scope', 'no_permission', 'not_in_channel', 'access_denied', 'ekm_access_denied', 'not_authorized'],
    ...['restricted_action', 'restricted_action_read_only_channel', 'restricted_action_thread_only_channel'],
    ...['restricted_action_non_threadable_channel', 'restricted_action_thread_locked', 'restricted_action_restricted'],
    ...[
      'enterprise_is_restricted',
      'user_is_restricted',
      'user_is_ultra_restricted',
      'user_not_visible',
      'not_allowed',
    ],
    ...['permission_denied', 'posting_to_general_channel_denied', 'team_access_not_granted', 'feature_not_enabled'],
    ...['cant_update_message', 'cant_delete_message', 'cant_delete', 'edit_window_closed', 'thread_locked'],
    ...['compliance_exports_prevent_deletion', 'as_user_not_supported', 'messages_tab_disabled', 'paid_only'],
    ...['cant_invite', 'cant_archive_general', 'ura_max_channels'],
    ...['file_uploads_disabled', 'file_uploads_except_images_disabled', 'storage_limit_reached', 'not_in_team'],
    ...[
      'slack_connect_canvas_sharing_blocked',
      'slack_connect_file_link_sharing_blocked',
      'slack_connect_blocked_file_type',
    ],
    ...['slack_connect_file_upload_sharing_blocked', 'metadata_must_be_sent_from_app', 'cannot_reply_to_message'],
  ],
  NOT_FOUND: [
    ...[
      'channel_not_found',
      'user_not_found',
      'users_not_found',
      'message_not_found',
      'thread_not_found',
      'team_not_found',
    ],
    ...['file_not_found', 'file_deleted', 'bot_not_found', 'not_found', 'no_reaction', 'posting_to_channel_not_found'],
    ...['duplicate_channel_not_found', 'duplicate_message_not_found'],
  ],
  ALREADY_EXISTS: [
    'already_reacted',
    'already_in_channel',
    'already_pinned',
    'already_starred',
    'name_taken',
    'already_archived',
  ],
  INVALID_INPUT: [
    ...['no_text', 'msg_too_long', 'msg_blocks_too_long', 'too_long', 'too_large', 'too_many_attachments'],
    ...['too_many_emoji', 'too_many_reactions', 'too_many_contact_cards', 'bad_timestamp', 'no_item_specified'],
    ...['limit_required', 'over_pagination_limit', 'json_not_object', 'missing_post_type', 'missing_charset'],
    ...['missing_argument', 'missing_file_data', 'is_archived', 'is_inactive', 'is_bot', 'not_reactable'],
    ...['channel_type_not_supported', 'method_not_supported_for_channel_type', 'cannot_parse', 'block_mismatch'],
    ...['blocked_file_type', 'file_update_failed', 'unknown_snippet_type', 'snippet_too_large', 'metadata_too_large'],
    ...[
      'team_id_or_org_required',
      'unknown_type',
      'validation_errors',
      'too_many_users',
      'user_disabled',
      'user_is_bot',
    ],
    ...['attachment_payload_limit_exceeded', 'markdown_text_conflict', 'no_dual_broadcast_content_update'],
    ...[
      'no_user',
      'no_channel',
      'not_enough_users',
      'users_list_not_supplied',
      'cant_invite_self',
      'user_not_in_channel',
    ],
    ...['alt_txt_too_large', 'length_required', 'malware_detected', 'time_in_past', 'time_too_far'],
  ],
  RATE_LIMITED: ['ratelimited', 'rate_limited', 'message_limit_exceeded', 'accesslimited', 'enterprise_limited'],
  TIMEOUT: ['request_timeout'],
  UPSTREAM_5XX: [
    ...['fatal_error', 'internal_error', 'service_unavailable', 'unknown_error', 'team_added_to_org', 'update_failed'],
    ...['external_channel_migrating', 'file_upload_failed', 'fetch_members_failed'],
  ],
  // Slack no longer offers the method as this package calls it.
  INTERNAL_ERROR: ['upgrade_required', 'method_deprecated', 'deprecated_endpoint', 'unknown_method'],
};

const CODE_OF_STRING: ReadonlyMap<string, ErrorCode> = new Map(
  Object.entries(STRINGS_BY_CODE).flatMap(([code, strings]) =>
    strings.map((string) => [string, code as ErrorCode] as const),
  ),
);

/** Strings after which Slack has certainly done nothing, though their code leaves it open. */
export const WITHOUT_EFFECT: ReadonlySet<string> = new Set([
  'request_timeout',
  'team_added_to_org',
  'service_unavailable',
]);

/** What whoever runs the connector can do about it. */
const REMEDIES: Readonly<Record<string, string>> = {
  invalid_auth: 'check auth.token',
  not_authed: 'set auth.type to bearer and auth.token to the bot token of the Slack app',
  account_inactive: 'the token belongs to a user or workspace that no longer exists; install the app again',
  token_revoked: 'install the app again and put its new token in auth.token',
  token_expired: 'put a new token in auth.token',
  not_in_channel: 'invite the app to the channel',
  ekm_access_denied: "the workspace's administrators have suspended access",
};

/** The code that belongs to one of Slack's error strings; undefined for strings that are not known. */
export function codeOfSlackError(string: string): ErrorCode | undefined {
  return CODE_OF_STRING.get(string) ?? (string.startsWith('invalid_') ? 'INVALID_INPUT' : undefined);
}

/** The error that an answer `{ ok: false, error }` stands for. */
export function slackError(method: string, answer: JsonObject): ConnectorError {
  const string = typeof answer['error'] === 'string' ? answer['error'] : '';
  if (!/^[a-z0-9_]+$/i.test(string)) return badAnswer(method, 'it failed without an error string');
  const code = codeOfSlackError(string);
  const remedy = string === 'missing_scope' ? describeScope(answer) : REMEDIES[string];
  const message = `Slack refused ${method}: ${string}${remedy === undefined ? '' : ` (${remedy})`}`;
  return createConnectorError(code ?? 'UPSTREAM_5XX', message, optionsOf(string, code, answer));
}

/** The error for an answer that Slack does not give. */
export function badAnswer(method: string, found: string, options: ConnectorErrorOptions = {}): ConnectorError {
  return createConnectorError(
    'UPSTREAM_5XX',
    `${method} did not answer as Slack does (${found}); the operator must check host and base_path`,
    {
      retryable: false,
      blame: 'operator',
      details: { reason: 'bad_answer' },
      ...options,
    },
  );
}

function optionsOf(string: string, code: ErrorCode | undefined, answer: JsonObject): ConnectorErrorOptions {
  const metadata = isJsonObject(answer['response_metadata']) ? answer['response_metadata'] : {};
  const messages = metadata['messages'];
  const { errors } = answer;
  // Slack's library puts the header there, whatever status it came with.
  const { retryAfter: seconds } = metadata;
  return {
    details: {
      slack_error: string,
      ...(Array.isArray(messages) && messages.length > 0 ? { messages } : {}),
      ...(Array.isArray(errors) && errors.length > 0 ? { errors } : {}),
      ...(typeof answer['needed'] === 'string' ? { needed: answer['needed'] } : {}),
    },
    ...(code === 'RATE_LIMITED' && typeof seconds === 'number' ? { retryAfterMs: seconds * 1000 } : {}),
    // A string that nobody knows says nothing about another try.
    ...(code === undefined ? { retryable: false } : {}),
    ...(WITHOUT_EFFECT.has(string) ? { effect: 'none' as const } : {}),
  };
}

function describeScope(answer: JsonObject): string {
  return typeof answer['needed'] === 'string'
    ? `give the app the scope ${answer['needed']} and install it again`
    : 'give the app the scope that the method needs and install it again';
}
