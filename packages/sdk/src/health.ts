import type { ConnectorConfig, JsonObject } from '@automate/contract';

/** What an adapter says of its health. Throwing a `ConnectorError` says unhealthy with its message. */
export interface AdapterHealth {
  readonly status: 'healthy' | 'unhealthy';
  /** One sentence; where unhealthy it tells unreachable, answering badly and credentials refused apart. */
  readonly message: string;
  readonly details?: JsonObject;
}

/** The path that a health check asks for, where the configuration names one and the endpoint is an http one. */
export function probePath(config: Pick<ConnectorConfig, 'healthCheck' | 'scheme' | 'host'>): string | undefined {
  const isHttp = config.host !== undefined && (config.scheme === 'http' || config.scheme === 'https');
  return isHttp ? config.healthCheck.path : undefined;
}

/** What `connect()` says, as health. */
export function healthOf(connected: boolean, endpoint: string): AdapterHealth {
  const place = endpoint === '' ? '' : ` to ${endpoint}`;
  return connected
    ? { status: 'healthy', message: `connected${place}` }
    : { status: 'unhealthy', message: `could not connect${place}: the connector gave no reason` };
}
