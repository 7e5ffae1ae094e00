import { ConfigInvalidError } from '@automate/sdk';

/**
 * Compares what a session's settings are with what they were set to: something between us and the server may have kept
 * them for itself.
 *
 * @throws ConfigInvalidError that names what is different.
 */
export function checkSession(
  server: string,
  wanted: Readonly<Record<string, string>>,
  found: Readonly<Record<string, unknown>>,
): void {
  const different = Object.entries(wanted).find(([name, value]) => String(found[name]) !== value);
  if (different === undefined) return;
  const [name, value] = different;
  throw new ConfigInvalidError(
    `${server}: the session's ${name} was set to ${value} and is ${String(found[name])}; the operator must have the proxy in between pass on settings`,
    { effect: 'none', details: { reason: 'session_setting', setting: name } },
  );
}
