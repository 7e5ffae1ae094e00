import type { ConnectorInfo } from './connector.ts';
import type { JsonObject } from './json.ts';
import type { CONNECTOR_FIELDS, Field, Fields } from './field-table.ts';

type Value<F extends Field> = F extends { readonly kind: 'sections'; readonly fields: infer Section extends Fields }
  ? Readonly<Record<string, ConfigOf<Section>>>
  : F extends { readonly words: readonly (infer Word)[] }
    ? Word
    : F extends { readonly fields: infer Section extends Fields }
      ? ConfigOf<Section>
      : F extends { readonly kind: keyof Values }
        ? Values[F['kind']]
        : never;

interface Values {
  readonly text: string;
  readonly host: string;
  readonly flag: boolean;
  readonly whole: number;
  readonly duration: number;
  readonly texts: readonly string[];
  readonly map: Readonly<Record<string, string>>;
  readonly json: JsonObject;
}

type Filled<T extends Fields> = {
  [K in keyof T]: T[K] extends { readonly fallback: unknown } | { readonly required: true } ? K : never;
}[keyof T];

/** A full configuration: what has a default is always there. */
type ConfigOf<T extends Fields> = { readonly [K in Filled<T>]: Value<T[K]> } & {
  readonly [K in Exclude<keyof T, Filled<T>>]?: Value<T[K]>;
};

/** A configuration as a caller gives it. */
type InputOf<T extends Fields> = {
  readonly [K in keyof T]?: T[K] extends { readonly kind: 'sections'; readonly fields: infer Section extends Fields }
    ? Readonly<Record<string, InputOf<Section>>>
    : T[K] extends { readonly fields: infer Section extends Fields }
      ? InputOf<Section>
      : Value<T[K]>;
};

type Snake<Name> = Name extends `${infer First}${infer Rest}`
  ? `${First extends Lowercase<First> ? First : `_${Lowercase<First>}`}${Snake<Rest>}`
  : Name;
type WireName<Name, F extends Field> = Snake<
  F extends { readonly kind: 'duration' } ? (Name extends `${infer Word}Ms` ? Word : Name) : Name
>;

/** A configuration as the file writes it. */
type WireOf<T extends Fields> = {
  readonly [K in keyof T as WireName<K, T[K]>]?: T[K] extends {
    readonly kind: 'sections';
    readonly fields: infer Section extends Fields;
  }
    ? Readonly<Record<string, WireOf<Section>>>
    : T[K] extends { readonly fields: infer Section extends Fields }
      ? WireOf<Section>
      : T[K] extends { readonly kind: 'duration' }
        ? string
        : Value<T[K]>;
};

type Table = typeof CONNECTOR_FIELDS;

/** How requests to the remote system are authorised. Every string may be a `${VAR}` or a `secretref://` in the file. */
export type AuthConfig = ConfigOf<Table['auth']['fields']>;
export type TlsConfig = ConfigOf<Table['tls']['fields']>;
export type HealthCheckConfig = ConfigOf<Table['healthCheck']['fields']>;
export type LimitsConfig = ConfigOf<Table['limits']['fields']>;
export type CircuitConfig = ConfigOf<Table['circuit']['fields']>;
export type RateConfig = NonNullable<LimitsConfig['rate']>;
export type RetryConfig = ConfigOf<Table['retry']['fields']>;

/**
 * A connector's configuration with every default filled in. Durations are milliseconds. Of a connector that is there its
 * scheme always stands, too.
 */
export type ConnectorConfig = ConfigOf<Table> & { readonly id: string; readonly name: string; readonly kind: string };

/** A connector as the YAML writes it. */
export type WireConnectorConfig = WireOf<Table> & { readonly id: string };

/** A configuration as a caller gives it: only the id is required. */
export type ConnectorConfigInput = InputOf<Table> & { readonly id: string };

/** A connector with its configuration, as written and with secrets masked. */
export interface ConnectorDetails {
  readonly connector: ConnectorInfo;
  readonly config: ConnectorConfig;
  /** What the network policy denies it, in a sentence; absent for who may not read, and where nothing runs it. */
  readonly network?: string;
}
