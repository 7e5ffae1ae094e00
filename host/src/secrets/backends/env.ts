import type { SecretBackend } from '../secret-backend.ts';

/** `secretref://env/default/NAME` reads the variable NAME of the host. */
export function createEnvBackend(environment: Readonly<Record<string, string | undefined>>): SecretBackend {
  return {
    read: async ({ name }) => {
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      if (value === undefined) return { ok: false, reason: `the variable ${name} is not set` };
      return value === '' ? { ok: false, reason: `the variable ${name} is empty` } : { ok: true, value };
    },
  };
}
