export { checkProfile } from './check-profile.ts';
export { AUTH_REQUIRED } from './check-together.ts';
export { CONFIG_DEFAULTS } from './config-defaults.ts';
export { connectorConfigSchema } from './connector-config.ts';
export { PROFILE_NAME_PATTERN } from '../connector.ts';
export { CONNECTOR_FIELDS, locateField, rowsOf, wireName } from '../field-table.ts';
export type { Field, Fields } from '../field-table.ts';
export type { WireConnectorConfig } from '../config-types.ts';
export { HIDDEN_KEY, isName } from './describe-received.ts';
export { formatDuration, MAX_DURATION_MS, parseDuration, parseLongDuration } from './duration.ts';
export type { ConfigDefaults } from '../fill-defaults.ts';
export { fromWireConfig, toWireConfig } from './translate-config.ts';
export { parseProfile } from './parse-profile.ts';
export { parseConnectorConfig } from './parse-connector-config.ts';
export type { ParsedConnectorConfig, ParseOptions } from './parse-connector-config.ts';
export { appendPath, formatPath } from '../problem-path.ts';
export type { PathStep } from '../problem-path.ts';
export {
  hasReferenceForm,
  isStoreReference,
  looksLikeSecretReference,
  parseSecretReference,
  SECRET_BACKENDS,
} from './secret-reference.ts';
export type { ParsedSecretReference, SecretBackendName, SecretReference } from './secret-reference.ts';
export { coversCallback } from './callback-rule.ts';
export { accessSchema, configFileSchema, pluginsSchema, profileSchema } from './config-file.ts';
export type {
  WireAccess,
  WireExecutions,
  WireFiles,
  WireGrant,
  WireMcp,
  WirePlugins,
  WireProfile,
} from './config-file.ts';
export { configFileJsonSchema, connectorConfigJsonSchema } from './json-schema.ts';
export { isTextField, parseConfigFile } from './parse-config-file.ts';
export type { ConfigFileRest, ParsedConfigFile } from './parse-config-file.ts';
