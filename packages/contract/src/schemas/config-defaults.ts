import { fillDefaults } from '../fill-defaults.ts';
import { DEFAULT_SCHEME } from '../field-table.ts';

const { mode, enabled, healthCheck, limits, retry } = fillDefaults({ id: '' });

/** The configuration of a connector that sets nothing. Durations in milliseconds. */
export const CONFIG_DEFAULTS = {
  mode,
  enabled,
  scheme: DEFAULT_SCHEME,
  healthCheck,
  limits,
  retry,
} as const;
