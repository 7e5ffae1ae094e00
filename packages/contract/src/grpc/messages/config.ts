import { create } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  AuthConfig,
  ConnectorConfig,
  ConnectorConfigInput,
  ConnectorType,
  ConnectionMode,
} from '../../connector.ts';
import { ConnectorConfigSchema } from '../../gen/connectors/connectors_pb.ts';
import type {
  AuthConfig as AuthMessage,
  AuthConfigSchema,
  ConnectorConfig as ConfigMessage,
  HealthCheckConfig as HealthMessage,
  HealthCheckConfigSchema,
  LimitsConfig as LimitsMessage,
  LimitsConfigSchema,
  RetryConfig as RetryMessage,
  RetryConfigSchema,
  TlsConfig as TlsMessage,
} from '../../gen/connectors/connectors_pb.ts';
import { CONFIG_DEFAULTS } from '../../schemas/config-defaults.ts';
import { modeFromNumber, modeToNumber, typeFromNumber, typeToNumber, textOrNothing } from './words.ts';
import type { Problems } from './words.ts';

/**
 * A configuration as a message, full or as a caller gives it. What the message cannot carry becomes a problem: an
 * unknown word, a number with a fraction, and 0 where the message's 0 stands for the default.
 */
export function configToMessage(config: ConnectorConfigInput, problems: Problems): ConfigMessage {
  const { auth, healthCheck, limits, retry, tls } = config;
  return create(ConnectorConfigSchema, {
    id: config.id,
    name: config.name ?? '',
    type: typeToNumber(config.type, { path: 'type', problems }),
    mode: modeToNumber(config.mode, { path: 'mode', problems }),
    enabled: config.enabled ?? CONFIG_DEFAULTS.enabled,
    description: config.description ?? '',
    host: config.host ?? '',
    port: Number(whole(config.port, 'port', problems) ?? 0),
    scheme: config.scheme ?? '',
    proxy: config.proxy ?? '',
    basePath: config.basePath ?? '',
    metadata: { ...config.metadata },
    tags: [...(config.tags ?? [])],
    // Always said: with an empty kind, `metadata["kind"]` would decide, which only old clients mean.
    kind: config.kind ?? config.id,
    profile: config.profile ?? '',
    isolation: config.isolation ?? '',
    ...(config.settings === undefined ? {} : { settings: config.settings }),
    ...(auth === undefined ? {} : { auth: authToInit(auth) }),
    ...(healthCheck === undefined ? {} : { healthCheck: healthToInit(healthCheck, problems) }),
    ...(limits === undefined ? {} : { limits: limitsToInit(limits, problems) }),
    ...(retry === undefined ? {} : { retry: retryToInit(retry, problems) }),
    ...(tls === undefined ? {} : { tls: defined(tls) }),
  });
}

function authToInit({
  headers,
  scopes,
  tokenParams,
  ...auth
}: NonNullable<ConnectorConfigInput['auth']>): MessageInitShape<typeof AuthConfigSchema> {
  return {
    ...defined(auth),
    headers: defined(headers ?? {}) as Record<string, string>,
    scopes: [...(scopes ?? [])],
    tokenParams: defined(tokenParams ?? {}) as Record<string, string>,
  };
}

function healthToInit(
  health: NonNullable<ConnectorConfigInput['healthCheck']>,
  problems: Problems,
): MessageInitShape<typeof HealthCheckConfigSchema> {
  return {
    enabled: health.enabled ?? CONFIG_DEFAULTS.healthCheck.enabled,
    intervalMs: whole(health.intervalMs, 'health_check.interval', problems) ?? 0n,
    timeoutMs: whole(health.timeoutMs, 'health_check.timeout', problems) ?? 0n,
    path: health.path ?? '',
  };
}

function limitsToInit(
  limits: NonNullable<ConnectorConfigInput['limits']>,
  problems: Problems,
): MessageInitShape<typeof LimitsConfigSchema> {
  return defined({
    concurrency: small(limits.concurrency, 'limits.concurrency', problems),
    queue: small(limits.queue, 'limits.queue', problems),
    timeoutMs: present(limits.timeoutMs, 'limits.timeout', problems),
    startTimeoutMs: present(limits.startTimeoutMs, 'limits.start_timeout', problems),
    memoryMb: small(limits.memoryMb, 'limits.memory_mb', problems),
  });
}

function retryToInit(
  retry: NonNullable<ConnectorConfigInput['retry']>,
  problems: Problems,
): MessageInitShape<typeof RetryConfigSchema> {
  return defined({
    attempts: small(retry.attempts, 'retry.attempts', problems),
    backoffMs: present(retry.backoffMs, 'retry.backoff', problems),
    maxBackoffMs: present(retry.maxBackoffMs, 'retry.max_backoff', problems),
  });
}

const MAX_INT32 = 2_147_483_647;

/** A number for a field whose 0 means the default. */
function whole(value: number | undefined, path: string, problems: Problems): bigint | undefined {
  const number = present(value, path, problems);
  if (number !== 0n && (path !== 'port' || number === undefined || number <= MAX_INT32)) return number;
  problems.push({ path, expected: 'a whole number above 0', received: String(value) });
  return undefined;
}

/** A number for a field that can be absent. */
function present(value: number | undefined, path: string, problems: Problems): bigint | undefined {
  if (value === undefined) return undefined;
  if (Number.isSafeInteger(value)) return BigInt(value);
  problems.push({ path, expected: 'a whole number within ±2^53', received: JSON.stringify(value) });
  return undefined;
}

/** A number for an int32 field that can be absent. */
function small(value: number | undefined, path: string, problems: Problems): number | undefined {
  const number = present(value, path, problems);
  if (number === undefined) return undefined;
  if (number >= -MAX_INT32 && number <= MAX_INT32) return Number(number);
  problems.push({ path, expected: `a whole number within ±${MAX_INT32}`, received: String(value) });
  return undefined;
}

/**
 * A configuration as a caller sent it. Numbers that no enum has come out as words that nobody knows (`"42"`), so that
 * the service refuses them together with everything else that is wrong, in its own words.
 */
export function configInputFromMessage(message: ConfigMessage): ConnectorConfigInput {
  const unread: Problems = [];
  const place = { path: '', problems: unread };
  const type = typeFromNumber(message.type, place) ?? unknownWord<ConnectorType>(message.type);
  const mode = modeFromNumber(message.mode, place) ?? unknownWord<ConnectionMode>(message.mode);
  return {
    id: message.id,
    ...defined({
      // What is the default anyway is what a caller writes who says nothing.
      enabled: message.enabled ? undefined : false,
      metadata: filled(message.metadata),
      tags: message.tags.length === 0 ? undefined : [...message.tags],
      name: textOrNothing(message.name),
      type,
      mode,
      description: textOrNothing(message.description),
      host: textOrNothing(message.host),
      port: message.port === 0 ? undefined : message.port,
      scheme: textOrNothing(message.scheme),
      basePath: textOrNothing(message.basePath),
      // The id is what a kind that was not named comes to.
      kind: message.kind === message.id ? undefined : (textOrNothing(message.kind) ?? message.metadata['kind']),
      profile: textOrNothing(message.profile),
      isolation: textOrNothing(message.isolation) as ConnectorConfig['isolation'] | undefined,
      settings: message.settings,
      auth: message.auth && authFromMessage(message.auth),
      healthCheck: message.healthCheck && healthFromMessage(message.healthCheck),
      limits: message.limits && limitsFromMessage(message.limits),
      retry: message.retry && retryFromMessage(message.retry),
      tls: message.tls && tlsFromMessage(message.tls),
      proxy: textOrNothing(message.proxy),
    }),
  };
}

/** A configuration as a service answers it. Defaults that a service of the original interface cannot say are filled in. */
export function configFromMessage(message: ConfigMessage, problems: Problems): ConnectorConfig {
  const type = typeFromNumber(message.type, { path: 'config.type', problems });
  const mode = modeFromNumber(message.mode, { path: 'config.mode', problems });
  const { type: _type, mode: _mode, ...input } = configInputFromMessage(message);
  const { healthCheck, limits, retry, isolation } = CONFIG_DEFAULTS;
  return {
    ...input,
    ...defined({ type }),
    mode: mode ?? CONFIG_DEFAULTS.mode,
    name: message.name || message.id,
    description: message.description,
    kind: input.kind ?? message.id,
    enabled: message.enabled,
    scheme: input.scheme ?? CONFIG_DEFAULTS.scheme,
    auth: { type: 'none', ...input.auth },
    settings: input.settings ?? {},
    metadata: { ...message.metadata },
    tags: [...message.tags],
    healthCheck: { ...healthCheck, ...input.healthCheck },
    limits: { ...limits, ...input.limits },
    retry: { ...retry, ...input.retry },
    isolation: input.isolation ?? isolation,
  };
}

const unknownWord = <Word extends string>(number: number): Word | undefined =>
  number === 0 ? undefined : (String(number) as Word);

function authFromMessage(auth: AuthMessage) {
  return defined({
    type: textOrNothing(auth.type) as AuthConfig['type'] | undefined,
    username: textOrNothing(auth.username),
    password: textOrNothing(auth.password),
    token: textOrNothing(auth.token),
    apiKey: textOrNothing(auth.apiKey),
    headers: filled(auth.headers),
    tokenUrl: textOrNothing(auth.tokenUrl),
    clientId: textOrNothing(auth.clientId),
    clientSecret: textOrNothing(auth.clientSecret),
    scopes: auth.scopes.length === 0 ? undefined : [...auth.scopes],
    apiKeyHeader: textOrNothing(auth.apiKeyHeader),
    audience: textOrNothing(auth.audience),
    tokenParams: filled(auth.tokenParams),
  });
}

function healthFromMessage(health: HealthMessage) {
  return defined({
    enabled: health.enabled ? undefined : false,
    intervalMs: toNumber(health.intervalMs || undefined),
    timeoutMs: toNumber(health.timeoutMs || undefined),
    path: textOrNothing(health.path),
  });
}

function limitsFromMessage({ concurrency, queue, timeoutMs, startTimeoutMs, memoryMb }: LimitsMessage) {
  const times = { timeoutMs: toNumber(timeoutMs), startTimeoutMs: toNumber(startTimeoutMs) };
  return defined({ concurrency, queue, ...times, memoryMb });
}

function retryFromMessage({ attempts, backoffMs, maxBackoffMs }: RetryMessage) {
  return defined({ attempts, backoffMs: toNumber(backoffMs), maxBackoffMs: toNumber(maxBackoffMs) });
}

function tlsFromMessage({ caFile, certFile, keyFile, serverName, insecure }: TlsMessage) {
  return defined({ caFile, certFile, keyFile, serverName, insecure });
}

/** A map of the protocol, where it holds anything. */
const filled = (map: Record<string, string>): Record<string, string> | undefined =>
  Object.keys(map).length === 0 ? undefined : { ...map };

/** Beyond 2^53 it is a different number, but still one that no setting may have, so the service refuses it. */
const toNumber = (value: bigint | undefined): number | undefined => (value === undefined ? undefined : Number(value));

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The same without what is absent: an absent key and an undefined one are not equal to those who compare answers. */
function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Defined<T>;
}
