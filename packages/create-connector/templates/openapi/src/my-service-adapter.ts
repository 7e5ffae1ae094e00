import type { JsonObject } from '@automate/sdk';
import { ConnectorAdapter, fromJsonSchema } from '@automate/sdk';
import { API_KEYS, createActions, PROBE, TAKES_KEYS } from './operations/index.ts';
import { sendOperation } from './send-operation.ts';

/**
 * Operations of My Service, each an action, as its OpenAPI document has them. Where it is (`scheme`, `host`, `port`, `base_path`) and how to
 * sign in (`auth`) stand in the connector's configuration.
 */
export default class MyServiceAdapter extends ConnectorAdapter {
  readonly name = 'my_service';
  readonly version = '0.1.0';
  override readonly title = 'My Service';
  override readonly description = 'Calls My Service by its OpenAPI document.';
  override readonly capabilities = { idempotencyKey: TAKES_KEYS };

  override readonly configSchema = fromJsonSchema({
    type: 'object',
    properties: Object.fromEntries(
      API_KEYS.map(({ setting, in: place, name }) => [
        setting,
        { type: 'string', minLength: 1, writeOnly: true, description: `Sent as "${name}" in the ${place}` },
      ]),
    ),
    additionalProperties: false,
  });

  override readonly actions = createActions(
    <Output>(...[plan, input, call]: Parameters<Parameters<typeof createActions>[0]>) =>
      sendOperation(plan, input as JsonObject, call, this.context.settings) as Promise<Output>,
  );

  /** Reachable, and authorised? Asks for something small. */
  async connect(): Promise<boolean> {
    const { http, settings } = this.context;
    if (PROBE !== undefined) await sendOperation(PROBE, {}, { http }, settings);
    else await http.request({ method: 'HEAD', path: '/', accept: (status) => status < 500 && status !== 401 });
    return true;
  }
}
