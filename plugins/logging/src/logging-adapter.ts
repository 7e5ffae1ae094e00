import { ConnectorAdapter } from '@automate/sdk';
import type { ConnectorContext, LogLevel } from '@automate/sdk';
import { log } from './actions/log.ts';
import { configSchema } from './config.ts';

/** The host's own log as a connector. There is nothing to connect to, so it is well as long as it runs. */
export default class LoggingAdapter extends ConnectorAdapter {
  readonly name = 'logging';
  readonly version = '1.0.0';
  override readonly title = 'Logging';
  override readonly description = "Writes messages with levels and fields to the host's log.";
  override readonly configSchema = configSchema;
  #level: LogLevel = 'trace';
  override readonly actions = { log: log(() => this.#level) };

  override initialize(context: ConnectorContext): void {
    this.#level = configSchema.parse(context.settings).level;
  }

  override connect(): boolean {
    return true;
  }
}
