import { ConnectorAdapter, InvalidInputError, UnknownActionError } from '@automate/sdk';
import type { JsonObject, JsonValue } from '@automate/sdk';

/** Adapter for My Service. */
export default class MyServiceAdapter extends ConnectorAdapter {
  readonly name = 'my_service';
  readonly version = '0.1.0';

  /** Whether the service can be reached, with the credentials that are configured. */
  async connect(): Promise<boolean> {
    return true;
  }

  /** Executes an action on the service. */
  override async execute(action: string, payload: JsonObject): Promise<JsonValue> {
    if (action === 'send_message') return this.#sendMessage(payload);
    throw new UnknownActionError(`"${this.name}" has no action "${action}"`);
  }

  async #sendMessage({ text }: JsonObject): Promise<JsonValue> {
    if (typeof text !== 'string') throw new InvalidInputError('"text" must be a text');
    this.context.logger.info('sent', { length: text.length });
    return { status: 'sent', text };
  }
}
