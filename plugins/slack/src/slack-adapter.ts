import { ConnectorAdapter, verifySlackSignature } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext, WebhookHeaders } from '@automate/sdk';
import { addReaction } from './actions/add-reaction.ts';
import { deleteMessage } from './actions/delete-message.ts';
import { findUser } from './actions/find-user.ts';
import { listChannels } from './actions/list-channels.ts';
import { sendMessage } from './actions/send-message.ts';
import { updateMessage } from './actions/update-message.ts';
import { uploadFile } from './actions/upload-file.ts';
import { configSchema } from './config.ts';
import { identity, parseAnswer } from './outputs.ts';
import { SlackClient } from './slack-client.ts';

/** A Slack workspace, seen by one app's token. */
export default class SlackAdapter extends ConnectorAdapter {
  readonly name = 'slack';
  readonly version = '1.0.0';
  override readonly title = 'Slack';
  override readonly description = 'Sends messages and files to Slack, finds channels and users.';
  override readonly capabilities = { webhooks: true, rateLimitHeaders: true };
  override readonly configSchema = configSchema;
  readonly #slack = new SlackClient();
  override readonly actions = {
    send_message: sendMessage(this.#slack),
    update_message: updateMessage(this.#slack),
    delete_message: deleteMessage(this.#slack),
    add_reaction: addReaction(this.#slack),
    list_channels: listChannels(this.#slack),
    find_user: findUser(this.#slack),
    upload_file: uploadFile(this.#slack),
  };

  override async initialize(context: ConnectorContext): Promise<void> {
    await this.#slack.open(context, this.getEndpoint());
  }

  override async connect(): Promise<boolean> {
    await this.#slack.call(this.context.http, 'auth.test');
    return true;
  }

  /** A configured `health_check.path` is asked as for every kind; else Slack says whose token it is. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    const { config } = this.context;
    if (config.host !== undefined && config.healthCheck.path !== undefined) return super.healthCheck(context);
    const { team, user } = parseAnswer(identity, await this.#slack.call(context.http, 'auth.test'), 'auth.test');
    return { status: 'healthy', message: `signed in to ${team} as ${user}` };
  }

  /** Whether Slack sent the request: signed with the app's signing secret, and not older than five minutes. */
  override verifyWebhook(headers: WebhookHeaders, rawBody: string | Uint8Array): boolean {
    const secret = this.context.settings['signing_secret'] ?? this.context.profile?.secrets['signing_secret']?.reveal();
    return typeof secret === 'string' && verifySlackSignature({ headers, rawBody, secrets: secret });
  }
}
