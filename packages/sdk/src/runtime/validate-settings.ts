import type { JsonObject, Problem } from '@automate/contract';
import { ConnectorInternalError } from '@automate/contract';
import type { ConfigValidation, ConnectorAdapter } from '../connector-adapter.ts';
import { toJsonSchema, writeOnlyPaths } from '../json-schema.ts';
import { describeReceived } from '../validation.ts';

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
  const secret = secretPaths(adapter);
  const problems = answer.errors.map(({ path, message }) => ({
    path: path === '' ? 'settings' : path.startsWith('[') ? `settings${path}` : `settings.${path}`,
    expected: message,
    received: describeReceived(keysOf(path), settings, secret.has(path)),
    message,
  }));
  return problems.length > 0
    ? problems
    : [{ path: 'settings', expected: 'settings that the kind accepts', received: 'an object' }];
}

function secretPaths(adapter: ConnectorAdapter): ReadonlySet<string> {
  if (adapter.configSchema === undefined) return new Set();
  return new Set(
    writeOnlyPaths(toJsonSchema(adapter.configSchema, 'input', 'the configSchema')).map((path) => path.join('.')),
  );
}

function keysOf(path: string): readonly string[] {
  return path.split(/[.[\]]+/).filter((key) => key !== '');
}
