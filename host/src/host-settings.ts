import { isAbsolute, join, resolve } from 'node:path';
import type { Problem } from '@automate/contract';
import { describeProblem, makeVisible } from '@automate/contract';
import { CONFIG_DEFAULTS, parseDuration } from '@automate/contract/schemas';
import { SIGNALS } from './telemetry/otlp.ts';
import type { Signal } from './telemetry/otlp.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
export type HostLogLevel = (typeof LOG_LEVELS)[number];

/** Absolute paths of PEM files. */
export interface TlsSettings {
  /** The server's certificate, then those that lead from it to the authority. */
  readonly certFile: string;
  readonly keyFile: string;
  /** Authorities of callers' certificates; absent: callers are not asked for one. */
  readonly clientCaFile?: string;
  /** What those authorities have revoked. */
  readonly clientCrlFile?: string;
}

/** How the host itself is set up, as opposed to its connectors. */
export interface HostSettings {
  /** Absolute path of the configuration file; absent: looked for. */
  readonly configPath?: string;
  /** 0 picks a free port. */
  readonly grpcPort: number;
  readonly httpPort: number;
  readonly bindAddress: string;
  /** Whether only this machine can reach that address. */
  readonly loopback: boolean;
  /** Whether the address may be reached from elsewhere without TLS, as something in front of it ends TLS. */
  readonly allowPlaintext: boolean;
  /** Names that REST answers to besides its addresses, in small letters. */
  readonly allowedHosts: readonly string[];
  /** Absolute path. */
  readonly dataDir: string;
  /** `postgres://…`, with a password perhaps: the database in which hosts keep what is not one host's own. Absent: the data directory has that. */
  readonly storeUrl?: string;
  /** Where other hosts reach the door of gRPC, with or without a port; absent: by this machine's name. */
  readonly advertiseAddress?: string;
  /** Words by which connectors name the hosts that may run them. */
  readonly hostLabels: readonly string[];
  /** Absolute path of the directory that the user's sockets lie in; absent: the system names none. */
  readonly runtimeDir?: string;
  /** Absolute path of the directory of `secretref://file`; absent: there is none. */
  readonly secretsDir?: string;
  /** Absolute path of the file with the master key; absent: the host makes one of its own in the data directory. */
  readonly masterKeyFile?: string;
  /** Files of TLS; absent: the doors speak without. */
  readonly tls?: TlsSettings;
  /** Whether the audit is kept; absent: where callers have to sign in. */
  readonly audit?: boolean;
  /** Age beyond which records of it are cut off, in milliseconds. */
  readonly auditMaxAgeMs: number;
  /** Most records of it; beyond, the oldest are cut off. */
  readonly auditMaxRows: number;
  readonly healthIntervalMs: number;
  readonly logLevel: HostLogLevel;
  readonly logFormat: 'pretty' | 'json';
  readonly otlpEndpoint?: string;
  /** What the collector is not sent; absent: it is sent everything. */
  readonly otlpWithout?: readonly Signal[];
  /** Milliseconds between two exports of metrics; absent: a minute. */
  readonly metricExportMs?: number;
}

/** The flags of the command line that win over the environment; the same words in camelCase. */
export interface HostSettingsInput {
  readonly config?: string | undefined;
  readonly grpcPort?: string | number | undefined;
  readonly httpPort?: string | number | undefined;
  readonly bindAddress?: string | undefined;
  readonly advertise?: string | undefined;
  readonly dataDir?: string | undefined;
  readonly healthInterval?: string | undefined;
  readonly logLevel?: string | undefined;
  readonly logFormat?: string | undefined;
  readonly otlpEndpoint?: string | undefined;
  /** As `plugins.frozen` of the configuration, which cannot take it back. */
  readonly frozen?: boolean | undefined;
  /** Packages that are not used, besides those of `plugins.deny` of the configuration. */
  readonly without?: readonly string[] | undefined;
}

export interface ReadSettingsOptions {
  readonly flags: HostSettingsInput;
  readonly env: Environment;
  /** Root of the project; relative paths and the default data directory are below it. */
  readonly projectDir: string;
  /** Whether the log goes to a terminal, where people read it. */
  readonly terminal: boolean;
}

/** What is wrong with the configuration, or with the settings of the host: every problem at once. The command line exits with 78. */
export class HostConfigError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(describeProblem).join('\n'));
    this.name = 'HostConfigError';
    this.problems = problems;
  }
}

/** Reads flags and environment. Throws HostConfigError with every problem. */
export function readHostSettings({ flags, env, projectDir, terminal }: ReadSettingsOptions): HostSettings {
  const problems: Problem[] = [];
  const refuse = <T>(path: string, expected: string, received: unknown, fallback: T): T => {
    problems.push({ path, expected, received: makeVisible(JSON.stringify(received) ?? 'nothing') });
    return fallback;
  };
  const port = (path: string, value: string | number | undefined, fallback: number): number => {
    if (value === undefined || value === '') return fallback;
    return /^\d{1,5}$/.test(String(value)) && Number(value) <= 65_535
      ? Number(value)
      : refuse(path, 'a port from 0 to 65535, 0 for a free one', value, fallback);
  };
  const oneOf = <T extends string>(path: string, value: string | undefined, choices: readonly T[], fallback: T): T => {
    if (value === undefined || value === '') return fallback;
    return choices.find((choice) => choice === value) ?? refuse(path, choices.join(', '), value, fallback);
  };
  const bindAddress = flags.bindAddress ?? (env['BIND_ADDRESS'] || '127.0.0.1');
  const allowedHosts = (env['ALLOWED_HOSTS'] ?? '').split(/[\s,]+/).filter((name) => name !== '');
  for (const name of allowedHosts) {
    if (!/^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)$/i.test(name))
      refuse('ALLOWED_HOSTS', 'names or addresses without scheme and port, separated by commas', name, undefined);
  }
  const interval = flags.healthInterval ?? (env['HEALTH_INTERVAL'] || undefined);
  const parsedInterval = interval === undefined ? undefined : parseDuration(interval);
  if (interval !== undefined && (parsedInterval === undefined || parsedInterval <= 0))
    refuse('HEALTH_INTERVAL', 'a duration such as "30s"', interval, undefined);
  const maxAge = env['AUDIT_MAX_AGE'] || '365d';
  const auditMaxAgeMs = parseAge(maxAge);
  if (auditMaxAgeMs === undefined)
    refuse('AUDIT_MAX_AGE', 'a number of days such as "365d", or a duration such as "12h"', maxAge, undefined);
  const maxRows = env['AUDIT_MAX_ROWS'] || '1000000';
  if (!/^[1-9]\d{2,9}$/.test(maxRows)) refuse('AUDIT_MAX_ROWS', 'a number from 100 on', maxRows, undefined);
  const configPath = flags.config ?? (env['CONFIG_PATH'] || undefined);
  const secretsDir = env['SECRETS_DIR'] || undefined;
  const masterKeyFile = env['MASTER_KEY_FILE'] || undefined;
  const givenStore = env['STORE_URL'] || undefined;
  const storeUrl = givenStore && readStoreUrl(givenStore, env['PGPASSWORD']);
  if (givenStore !== undefined && storeUrl === undefined)
    // Whatever it is, it may contain a password.
    refuse('STORE_URL', 'a URL such as "postgres://user:password@host:5432/database"', '…', undefined);
  const advertiseAddress = flags.advertise ?? (env['ADVERTISE_ADDRESS'] || undefined);
  if (advertiseAddress !== undefined && !/^(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::\d{1,5})?$/i.test(advertiseAddress))
    refuse(
      'ADVERTISE_ADDRESS',
      'a name or an address, with a port or without, and no scheme',
      advertiseAddress,
      undefined,
    );
  const hostLabels = (env['HOST_LABELS'] ?? '').split(/[\s,]+/).filter((label) => label !== '');
  for (const label of hostLabels)
    if (!/^[a-z0-9][a-z0-9._-]*$/.test(label) || label === 'one' || label === 'all')
      refuse(
        'HOST_LABELS',
        'words of lower-case letters, digits, ".", "_" and "-", separated by commas, and neither "one" nor "all"',
        label,
        undefined,
      );
  const tls = readTlsSettings(env, projectDir, refuse);
  // By its specification a path that is not absolute counts as none.
  const runtimeDir = env['XDG_RUNTIME_DIR'];
  const otlpEndpoint = flags.otlpEndpoint ?? (env['OTEL_EXPORTER_OTLP_ENDPOINT'] || undefined);
  if (otlpEndpoint !== undefined && !/^https?:\/\//.test(otlpEndpoint)) {
    // Whatever is more than a name and a port may contain a credential.
    const shown = /[@?/]/.test(otlpEndpoint) ? '…' : otlpEndpoint;
    refuse('OTEL_EXPORTER_OTLP_ENDPOINT', 'an http(s) URL', shown, undefined);
  }
  const isExported = (path: string, value: string | undefined): boolean =>
    oneOf(path, value, ['otlp', 'none'], 'otlp') === 'otlp';
  const exported: Readonly<Record<Signal, boolean>> = {
    traces: isExported('OTEL_TRACES_EXPORTER', env['OTEL_TRACES_EXPORTER']),
    metrics: isExported('OTEL_METRICS_EXPORTER', env['OTEL_METRICS_EXPORTER']),
    logs: isExported('OTEL_LOGS_EXPORTER', env['OTEL_LOGS_EXPORTER']),
  };
  const otlpWithout = SIGNALS.filter((signal) => !exported[signal]);
  const exportEvery = env['OTEL_METRIC_EXPORT_INTERVAL'] || undefined;
  if (exportEvery !== undefined && !/^[1-9]\d{1,8}$/.test(exportEvery))
    refuse('OTEL_METRIC_EXPORT_INTERVAL', 'milliseconds from 10 on', exportEvery, undefined);
  const settings: HostSettings = {
    configPath: configPath === undefined ? undefined : resolve(projectDir, configPath),
    grpcPort: port('GRPC_PORT', flags.grpcPort ?? env['GRPC_PORT'], 50_051),
    httpPort: port('HTTP_PORT', flags.httpPort ?? env['HTTP_PORT'], 8_080),
    bindAddress,
    loopback: /^(127(\.\d{1,3}){3}|::1|localhost)$/.test(bindAddress),
    allowPlaintext: oneOf('ALLOW_PLAINTEXT', env['ALLOW_PLAINTEXT'], ['true', 'false'], 'false') === 'true',
    allowedHosts: allowedHosts.map((name) => name.toLowerCase()),
    dataDir: resolve(projectDir, flags.dataDir ?? (env['DATA_DIR'] || join(projectDir, '.automate'))),
    ...(storeUrl === undefined ? {} : { storeUrl }),
    hostLabels,
    ...(advertiseAddress === undefined ? {} : { advertiseAddress }),
    runtimeDir: runtimeDir !== undefined && isAbsolute(runtimeDir) ? runtimeDir : undefined,
    secretsDir: secretsDir === undefined ? undefined : resolve(projectDir, secretsDir),
    masterKeyFile: masterKeyFile === undefined ? undefined : resolve(projectDir, masterKeyFile),
    ...(tls === undefined ? {} : { tls }),
    audit: readSwitch(oneOf<'on' | 'off' | ''>('AUDIT', env['AUDIT'], ['on', 'off'], '')),
    auditMaxAgeMs: auditMaxAgeMs ?? 0,
    auditMaxRows: Number(maxRows),
    healthIntervalMs: parsedInterval ?? CONFIG_DEFAULTS.healthCheck.intervalMs,
    logLevel: oneOf('LOG_LEVEL', flags.logLevel ?? env['LOG_LEVEL'], LOG_LEVELS, 'info'),
    logFormat: oneOf(
      'LOG_FORMAT',
      flags.logFormat ?? env['LOG_FORMAT'],
      ['pretty', 'json'],
      terminal ? 'pretty' : 'json',
    ),
    otlpEndpoint,
    ...(otlpWithout.length === 0 ? {} : { otlpWithout }),
    ...(exportEvery === undefined ? {} : { metricExportMs: Number(exportEvery) }),
  };
  if (problems.length > 0) throw new HostConfigError(problems);
  return settings;
}

/** Certificate and key go together; what callers are judged by is of no use without them. */
function readTlsSettings(
  env: Environment,
  projectDir: string,
  refuse: (path: string, expected: string, received: unknown, fallback: undefined) => undefined,
): TlsSettings | undefined {
  const fileOf = (value: string | undefined): string | undefined =>
    value === undefined || value === '' ? undefined : resolve(projectDir, value);
  const certFile = fileOf(env['TLS_CERT_FILE']);
  const keyFile = fileOf(env['TLS_KEY_FILE']);
  const clientCaFile = fileOf(env['TLS_CLIENT_CA_FILE']);
  const clientCrlFile = fileOf(env['TLS_CLIENT_CRL_FILE']);
  if ([certFile, keyFile, clientCaFile, clientCrlFile].every((file) => file === undefined)) return undefined;
  const missing = (name: string, why: string): undefined =>
    refuse(name, `a file, as ${why} is set`, undefined, undefined);
  if (clientCrlFile !== undefined && clientCaFile === undefined) missing('TLS_CLIENT_CA_FILE', 'TLS_CLIENT_CRL_FILE');
  const why = certFile !== undefined ? 'TLS_CERT_FILE' : keyFile !== undefined ? 'TLS_KEY_FILE' : 'TLS_CLIENT_CA_FILE';
  if (certFile === undefined) missing('TLS_CERT_FILE', why);
  if (keyFile === undefined) missing('TLS_KEY_FILE', why);
  if (certFile === undefined || keyFile === undefined) return undefined;
  return {
    certFile,
    keyFile,
    ...(clientCaFile === undefined ? {} : { clientCaFile }),
    ...(clientCrlFile === undefined ? {} : { clientCrlFile }),
  };
}

/** The URL with the password, which may be given beside it; undefined where it is none. Threads that use it see no environment. */
export function readStoreUrl(text: string, password = ''): string | undefined {
  if (!/^postgres(ql)?:\/\//.test(text) || /%(?![\da-f]{2})/i.test(text)) return undefined;
  const url = URL.parse(text);
  if (url === null || (url.username === '' && !url.searchParams.has('user'))) return undefined;
  if (url.password === '' && !url.searchParams.has('password')) url.password = encodeURIComponent(password);
  return url.href;
}

function readSwitch(word: 'on' | 'off' | ''): boolean | undefined {
  return word === '' ? undefined : word === 'on';
}

/** Milliseconds of whole days, or of a duration in shorter units. */
function parseAge(text: string): number | undefined {
  const days = /^([1-9]\d{0,4})d$/.exec(text)?.[1];
  const ms = days === undefined ? parseDuration(text) : Number(days) * 86_400_000;
  return ms === undefined || ms <= 0 ? undefined : ms;
}
