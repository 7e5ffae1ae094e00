import type { JsonObject, Problem } from '@automate/contract';
import { ConnectorInternalError } from '@automate/contract';
import type { ConfigValidation, ConnectorAdapter } from '../connector-adapter.ts';
import { toJsonSchema } from '../json-schema.ts';
import { describeReceived } from '../validation.ts';
import { isSecretSetting } from './secret-settings.ts';

/** Asks an adapter about settings. No problems: they are right. Paths begin with `settings`. */
export async function validateSettings(adapter: ConnectorAdapter, settings: JsonObject): Promise<readonly Problem[]> {
  const answer: ConfigValidation = await adapter.validateConfig(settings);
  if (typeof answer !== 'object' || answer === null || !Array.isArray(answer.errors)) {
    throw new ConnectorInternalError(
      `validateConfig of "${adapter.name}" answered neither { ok: true, errors: [] } nor errors; the plugin's author must act`,
      { effect: 'none', details: { reason: 'bad_validation' } },
    );
  }
  if (answer.ok) return [];
  const { configSchema } = adapter;
  const schema = configSchema === undefined ? {} : toJsonSchema(configSchema, 'input', 'the configSchema');
  const problems = answer.errors.map(({ path, message, expected, received }) => ({
    path: path === '' ? 'settings' : path.startsWith('[') ? `settings${path}` : `settings.${path}`,
    expected: expected ?? message,
    received: isSecretSetting(schema, keysOf(path))
      ? describeReceived(keysOf(path), settings, true)
      : (received ?? describeReceived(keysOf(path), settings)),
    message,
  }));
  return problems.length > 0
    ? problems
    : [{ path: 'settings', expected: 'settings that the kind accepts', received: 'an object' }];
}

function keysOf(path: string): readonly string[] {
  return path.split(/[.[\]]+/).filter((key) => key !== '');
}
