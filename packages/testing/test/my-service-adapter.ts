import { ConnectorAdapter } from '@automate/sdk';
import type { JsonObject, JsonValue } from '@automate/sdk';

/** The guide's sample, as it reads there. */
export default class MyServiceAdapter extends ConnectorAdapter {
  readonly name = 'my_service';
  readonly version = '1.0.0';

  async connect(): Promise<boolean> {
    return true;
  }

  override async execute(action: string, payload: JsonObject): Promise<JsonValue> {
    if (action === 'send_message') return this.#sendMessage(payload);
    throw new Error(`Unknown action: ${action}`);
  }

  #sendMessage(payload: JsonObject): JsonValue {
    return { status: 'sent', length: String(payload['text']).length };
  }
}
