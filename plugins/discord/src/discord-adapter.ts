import { AuthFailedError, ConnectorAdapter } from '@automate/sdk';
import type {
  AdapterHealth,
  CallContext,
  ConnectorContext,
  HttpClient,
  WebhookHeaders,
  WebhookVerdict,
} from '@automate/sdk';
import { z } from 'zod';
import { call } from './actions/call.ts';
import { createThread } from './actions/create-thread.ts';
import { createWebhookMessage } from './actions/create-webhook-message.ts';
import { deleteMessage } from './actions/delete-message.ts';
import { editMessage } from './actions/edit-message.ts';
import { getMember } from './actions/get-member.ts';
import { getMessage } from './actions/get-message.ts';
import { listChannels } from './actions/list-channels.ts';
import { listMembers } from './actions/list-members.ts';
import { listMessages } from './actions/list-messages.ts';
import { listPins } from './actions/list-pins.ts';
import { listRoles } from './actions/list-roles.ts';
import { listThreads } from './actions/list-threads.ts';
import { openDm } from './actions/open-dm.ts';
import { pinMessage, unpinMessage } from './actions/pins.ts';
import { addReaction, removeReaction } from './actions/reactions.ts';
import { addRole, removeRole } from './actions/roles.ts';
import { sendMessage } from './actions/send-message.ts';
import { configSchema } from './config.ts';
import type { DiscordSettings } from './config.ts';
import { DiscordClient } from './discord-client.ts';
import { judgeInteraction } from './judge-interaction.ts';
import { verifyInteraction } from './verify-interaction.ts';

const self = z.object({ username: z.string() });
const hook = z.object({ id: z.string() });

/** Discord, seen by one bot, by incoming webhooks, or by both. */
export default class DiscordAdapter extends ConnectorAdapter {
  readonly name = 'discord';
  readonly version = '1.0.0';
  override readonly title = 'Discord';
  override readonly description =
    'Sends, reads, changes and deletes Discord messages with files, threads and reactions; lists channels, members and roles.';
  override readonly capabilities = { webhooks: true, idempotencyKey: true, rateLimitHeaders: true };
  override readonly configSchema = configSchema;
  readonly #discord = new DiscordClient();
  #settings: DiscordSettings = { webhooks: [] };
  override readonly actions = {
    send_message: sendMessage(this.#discord),
    edit_message: editMessage(this.#discord),
    delete_message: deleteMessage(this.#discord),
    get_message: getMessage(this.#discord),
    list_messages: listMessages(this.#discord),
    pin_message: pinMessage(this.#discord),
    unpin_message: unpinMessage(this.#discord),
    list_pins: listPins(this.#discord),
    add_reaction: addReaction(this.#discord),
    remove_reaction: removeReaction(this.#discord),
    list_channels: listChannels(this.#discord),
    create_thread: createThread(this.#discord),
    list_threads: listThreads(this.#discord),
    open_dm: openDm(this.#discord),
    list_roles: listRoles(this.#discord),
    add_role: addRole(this.#discord),
    remove_role: removeRole(this.#discord),
    get_member: getMember(this.#discord),
    list_members: listMembers(this.#discord),
    create_webhook_message: createWebhookMessage(this.#discord),
    call: call(this.#discord),
  };

  override initialize(context: ConnectorContext): void {
    this.#settings = configSchema.parse(context.settings);
    this.#discord.open(context, this.getEndpoint(), this.#settings);
  }

  /** Requests read their credentials by themselves; what stands in the settings is read anew. */
  override onSecretsChanged(): void {
    this.initialize(this.context);
  }

  override async connect(): Promise<boolean> {
    await this.#introduce(this.context.http);
    return true;
  }

  /** A configured `health_check.path` must answer 2xx; besides, Discord says who the bot is, or that the webhooks exist. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    await this.probe(context);
    return { status: 'healthy', message: await this.#introduce(context.http) };
  }

  /** Whether Discord sent the interaction: signed with the application's key, and not older than five minutes; and what it is answered. */
  override verifyWebhook(headers: WebhookHeaders, rawBody: string | Uint8Array): WebhookVerdict {
    const { public_key: publicKey } = this.#settings;
    if (publicKey === undefined || !verifyInteraction({ headers, rawBody, publicKey })) return { genuine: false };
    return judgeInteraction(rawBody);
  }

  async #introduce(http: HttpClient): Promise<string> {
    if (this.#discord.hasBot) {
      const what = 'to say who the bot is';
      const path = '/users/@me';
      const { username } = await this.#discord.send(http, { method: 'GET', path, what, schema: self });
      return `signed in as ${username}`;
    }
    const { webhooks } = this.#discord;
    if (webhooks.length === 0) {
      throw new AuthFailedError(
        "there is neither a bot nor a webhook; set auth.type to bearer and auth.token to the bot's token, or settings.webhooks",
      );
    }
    for (const { id, token, name } of webhooks) {
      const path = `/webhooks/${id}/${encodeURIComponent(token)}`;
      await this.#discord.send(http, {
        method: 'GET',
        path,
        what: `to show the webhook "${name}"`,
        schema: hook,
        secretPath: true,
      });
    }
    return `${webhooks.length} webhook${webhooks.length === 1 ? '' : 's'} ready`;
  }
}
