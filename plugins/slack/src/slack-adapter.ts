import { ConnectorAdapter } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext, WebhookHeaders, WebhookVerdict } from '@automate/sdk';
import { addReaction } from './actions/add-reaction.ts';
import { archiveChannel } from './actions/archive-channel.ts';
import { call } from './actions/call.ts';
import { createChannel } from './actions/create-channel.ts';
import { deleteMessage } from './actions/delete-message.ts';
import { findUser } from './actions/find-user.ts';
import { getChannel } from './actions/get-channel.ts';
import { getHistory } from './actions/get-history.ts';
import { getPermalink } from './actions/get-permalink.ts';
import { getReactions } from './actions/get-reactions.ts';
import { getReplies } from './actions/get-replies.ts';
import { inviteToChannel } from './actions/invite-to-channel.ts';
import { listChannels } from './actions/list-channels.ts';
import { listFiles } from './actions/list-files.ts';
import { listMembers } from './actions/list-members.ts';
import { listUsers } from './actions/list-users.ts';
import { openConversation } from './actions/open-conversation.ts';
import { removeReaction } from './actions/remove-reaction.ts';
import { scheduleMessage } from './actions/schedule-message.ts';
import { sendEphemeral } from './actions/send-ephemeral.ts';
import { sendMessage } from './actions/send-message.ts';
import { updateMessage } from './actions/update-message.ts';
import { uploadFile } from './actions/upload-file.ts';
import { configSchema } from './config.ts';
import { judgeRequest } from './judge-request.ts';
import { identity, parseAnswer } from './outputs.ts';
import { SlackClient } from './slack-client.ts';

/** A Slack workspace, seen by one app's token. */
export default class SlackAdapter extends ConnectorAdapter {
  readonly name = 'slack';
  readonly version = '1.0.0';
  override readonly title = 'Slack';
  override readonly description = 'Sends and reads messages and files in Slack, manages channels, finds users.';
  override readonly capabilities = { webhooks: true, rateLimitHeaders: true };
  override readonly configSchema = configSchema;
  readonly #slack = new SlackClient();
  override readonly actions = {
    send_message: sendMessage(this.#slack),
    send_ephemeral: sendEphemeral(this.#slack),
    schedule_message: scheduleMessage(this.#slack),
    update_message: updateMessage(this.#slack),
    delete_message: deleteMessage(this.#slack),
    get_permalink: getPermalink(this.#slack),
    get_history: getHistory(this.#slack),
    get_replies: getReplies(this.#slack),
    add_reaction: addReaction(this.#slack),
    remove_reaction: removeReaction(this.#slack),
    get_reactions: getReactions(this.#slack),
    list_channels: listChannels(this.#slack),
    get_channel: getChannel(this.#slack),
    create_channel: createChannel(this.#slack),
    archive_channel: archiveChannel(this.#slack),
    invite_to_channel: inviteToChannel(this.#slack),
    list_members: listMembers(this.#slack),
    open_conversation: openConversation(this.#slack),
    list_users: listUsers(this.#slack),
    find_user: findUser(this.#slack),
    upload_file: uploadFile(this.#slack),
    list_files: listFiles(this.#slack),
    call: call(this.#slack),
  };

  override async initialize(context: ConnectorContext): Promise<void> {
    await this.#slack.open(context, this.getEndpoint());
  }

  override onSecretsChanged(): Promise<void> {
    return this.initialize(this.context);
  }

  override async connect(): Promise<boolean> {
    await this.#slack.call(this.context.http, 'auth.test');
    return true;
  }

  /** A configured `health_check.path` must answer 2xx; besides, Slack says whose token it is. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    await this.probe(context);
    const { team, user } = parseAnswer(identity, await this.#slack.call(context.http, 'auth.test'), 'auth.test');
    return { status: 'healthy', message: `signed in to ${team} as ${user}` };
  }

  /** Whether Slack sent the request: signed with the app's signing secret, and not older than five minutes. */
  override verifyWebhook(headers: WebhookHeaders, rawBody: string | Uint8Array): WebhookVerdict {
    const secret = this.context.settings['signing_secret'] ?? this.context.profile?.secrets['signing_secret']?.reveal();
    return typeof secret === 'string' ? judgeRequest(headers, rawBody, secret) : { genuine: false };
  }
}
