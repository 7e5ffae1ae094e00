import type { JsonObject, JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import type { Server, ServerVariable } from './operation.ts';

/** The servers of the nearest place that names any. */
export function readServers(...places: readonly (JsonValue | undefined)[]): readonly Server[] {
  for (const place of places) {
    const servers = Array.isArray(place) ? place.filter(isJsonObject).flatMap(readServer) : [];
    if (servers.length > 0) return servers;
  }
  return [];
}

function readServer({ url, variables }: JsonObject): readonly Server[] {
  if (typeof url !== 'string' || url.trim() === '') return [];
  const given = isJsonObject(variables) ? variables : {};
  return [
    {
      url: url.trim(),
      variables: Object.fromEntries(
        Object.entries(given).flatMap(([name, variable]) =>
          isJsonObject(variable) ? [[name, readVariable(variable)]] : [],
        ),
      ),
    },
  ];
}

function readVariable({ default: usual, enum: values }: JsonObject): ServerVariable {
  return {
    default: typeof usual === 'string' || typeof usual === 'number' ? String(usual) : '',
    ...(Array.isArray(values) && values.length > 0 ? { enum: values.map(String) } : {}),
  };
}

/** A server's URL, and what keeps it from being one. */
export type ServerUrl = { readonly url: string } | { readonly problem: string };

/**
 * The URL of a server with its variables filled in. Where it is relative it begins at the document's own.
 *
 * @param given values of variables, in place of their defaults
 * @param documentUrl where the document came from
 */
export function serverUrl(
  { url, variables }: Server,
  given: Readonly<Record<string, string>>,
  documentUrl: string | undefined,
): ServerUrl {
  const problems: string[] = [];
  const filled = url.replaceAll(/\{([^{}]+)\}/g, (_, name: string) => {
    const variable = Object.hasOwn(variables, name) ? variables[name] : undefined;
    const value = (Object.hasOwn(given, name) ? given[name] : undefined) ?? variable?.default ?? '';
    if (value === '') problems.push(`its variable "${name}" has no value`);
    else if (variable?.enum !== undefined && !variable.enum.includes(value))
      problems.push(`its variable "${name}" must be one of ${variable.enum.join(', ')}`);
    return value;
  });
  if (problems.length > 0) return { problem: `the server "${showable(url)}" cannot be used: ${problems.join('; ')}` };
  const whole = URL.parse(filled, documentUrl);
  if (whole === null || !/^https?:$/.test(whole.protocol))
    return { problem: `the server "${showable(url)}" is no whole http or https URL` };
  if (whole.username !== '' || whole.password !== '')
    return { problem: `the server "${showable(url)}" has credentials in its URL, which are not sent` };
  // A path would become a part of them, and another operation would be asked for.
  if (/[?#]/.test(filled))
    return { problem: `the server "${showable(url)}" has a query or a fragment, behind which no path can stand` };
  return { url: whole.href };
}

/** The URL as the document writes it, without what may be a secret: its credentials and its query. */
function showable(url: string): string {
  return url.replace(/[?#].*$/s, '').replace(/^([^/]*\/\/)[^/]*@/, '$1');
}
