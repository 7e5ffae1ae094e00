import type { JsonObject } from '@automate/contract';

/** What an adapter says of its health. Throwing a `ConnectorError` says unhealthy with its message. */
export interface AdapterHealth {
  readonly status: 'healthy' | 'unhealthy';
  /** One sentence; where unhealthy it tells unreachable, answering badly and credentials refused apart. */
  readonly message: string;
  readonly details?: JsonObject;
}
