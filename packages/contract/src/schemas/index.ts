export { AUTH_REQUIRED } from './check-together.ts';
export { CONFIG_DEFAULTS } from './config-defaults.ts';
export { connectorConfigSchema, PROFILE_NAME_PATTERN } from './connector-config.ts';
export type { WireConnectorConfig } from './connector-config.ts';
export { HIDDEN_KEY, isName } from './describe-received.ts';
export { formatDuration, MAX_DURATION_MS, parseDuration } from './duration.ts';
export type { ConfigDefaults } from './from-wire.ts';
export { fromWireConfig } from './from-wire-config.ts';
export { parseConnectorConfig } from './parse-connector-config.ts';
export type { ParsedConnectorConfig, ParseOptions } from './parse-connector-config.ts';
export { appendPath, formatPath } from '../problem-path.ts';
export type { PathStep } from '../problem-path.ts';
export {
  hasReferenceForm,
  looksLikeSecretReference,
  parseSecretReference,
  SECRET_BACKENDS,
} from './secret-reference.ts';
export type { ParsedSecretReference, SecretBackendName, SecretReference } from './secret-reference.ts';
export { toWireConfig } from './to-wire-config.ts';
export { configFileSchema, pluginsSchema, profileSchema } from './config-file.ts';
export type { WireFiles, WirePlugins, WireProfile } from './config-file.ts';
export { configFileJsonSchema, connectorConfigJsonSchema } from './json-schema.ts';
export { isTextField, parseConfigFile } from './parse-config-file.ts';
export type { ParsedConfigFile } from './parse-config-file.ts';
