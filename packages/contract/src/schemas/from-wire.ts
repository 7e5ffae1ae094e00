import type { ConnectorConfig, HealthCheckConfig } from '../connector.ts';
import type { JsonObject } from '../json.ts';
import { CONFIG_DEFAULTS } from './config-defaults.ts';
import type { WireConnectorConfig } from './connector-config.ts';
import { parseDuration } from './duration.ts';

/** Defaults that a host may set for the connectors that say nothing. */
export interface ConfigDefaults {
  /** Milliseconds between two health probes. */
  readonly healthIntervalMs?: number;
}

/** A checked configuration in the port's words, with every default filled in. */
export function fromWire(wire: WireConnectorConfig, defaults: ConfigDefaults): ConnectorConfig {
  return present({
    id: wire.id,
    name: wire.name ?? wire.id,
    description: wire.description ?? '',
    type: wire.type,
    kind: wire.kind ?? wire.id,
    mode: wire.mode ?? CONFIG_DEFAULTS.mode,
    enabled: wire.enabled ?? CONFIG_DEFAULTS.enabled,
    // An address is the same with brackets and without; programs want it without, and URLs get them back.
    host: wire.host?.replace(/^\[(.*)\]$/, '$1'),
    port: wire.port,
    scheme: wire.scheme,
    basePath: wire.base_path,
    auth: authFromWire(wire.auth ?? {}),
    tls: tlsFromWire(wire.tls),
    proxy: wire.proxy,
    profile: wire.profile,
    settings: (wire.settings ?? {}) as JsonObject,
    metadata: wire.metadata ?? {},
    tags: wire.tags ?? [],
    healthCheck: healthCheckFromWire(wire.health_check ?? {}, defaults),
    limits: limitsFromWire(wire.limits ?? {}),
    retry: retryFromWire(wire.retry ?? {}),
    isolation: wire.isolation ?? CONFIG_DEFAULTS.isolation,
  });
}

function authFromWire(auth: NonNullable<WireConnectorConfig['auth']>): ConnectorConfig['auth'] {
  return present({
    type: auth.type ?? 'none',
    username: auth.username,
    password: auth.password,
    token: auth.token,
    apiKey: auth.api_key,
    apiKeyHeader: auth.api_key_header,
    headers: auth.headers,
    tokenUrl: auth.token_url,
    clientId: auth.client_id,
    clientSecret: auth.client_secret,
    scopes: auth.scopes,
    audience: auth.audience,
    tokenParams: auth.token_params,
  });
}

function tlsFromWire(tls: WireConnectorConfig['tls']): ConnectorConfig['tls'] {
  if (tls === undefined) return undefined;
  return present({
    caFile: tls.ca_file,
    certFile: tls.cert_file,
    keyFile: tls.key_file,
    serverName: tls.server_name,
    insecure: tls.insecure,
  });
}

function healthCheckFromWire(
  health: NonNullable<WireConnectorConfig['health_check']>,
  defaults: ConfigDefaults,
): HealthCheckConfig {
  const fallback = CONFIG_DEFAULTS.healthCheck;
  return present({
    enabled: health.enabled ?? fallback.enabled,
    intervalMs: millis(health.interval, defaults.healthIntervalMs ?? fallback.intervalMs),
    timeoutMs: millis(health.timeout, fallback.timeoutMs),
    path: health.path,
  });
}

function limitsFromWire(limits: NonNullable<WireConnectorConfig['limits']>): ConnectorConfig['limits'] {
  const fallback = CONFIG_DEFAULTS.limits;
  return {
    concurrency: limits.concurrency ?? fallback.concurrency,
    queue: limits.queue ?? fallback.queue,
    timeoutMs: millis(limits.timeout, fallback.timeoutMs),
    startTimeoutMs: millis(limits.start_timeout, fallback.startTimeoutMs),
    memoryMb: limits.memory_mb ?? fallback.memoryMb,
  };
}

function retryFromWire(retry: NonNullable<WireConnectorConfig['retry']>): ConnectorConfig['retry'] {
  const fallback = CONFIG_DEFAULTS.retry;
  return {
    attempts: retry.attempts ?? fallback.attempts,
    backoffMs: millis(retry.backoff, fallback.backoffMs),
    maxBackoffMs: millis(retry.max_backoff, fallback.maxBackoffMs),
  };
}

function millis(duration: string | undefined, fallback: number): number {
  return duration === undefined ? fallback : (parseDuration(duration) ?? fallback);
}

/** The same object without the keys that are absent, so that equal configurations are deeply equal. */
function present<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}
