import type { ConfiguredLevel, ConnectorConfig, Problem } from '@automate/contract';
import { grantedSet, grantLine } from '../plugins/grants.ts';
import type { Kind } from '../plugins/kind-catalog.ts';
import { isolationOf } from '../plugins/kind-catalog.ts';
import type { Environment } from '../host-settings.ts';
import type { Reach } from '../runtime/runtime.ts';
import type { FilesPolicyOptions } from './files-policy.ts';
import { realOrWritten, withWholePaths } from './files-policy.ts';

/** What a connector of a kind may reach where it has walls: what was granted, and the files that its own `tls` names. */
export function reachOf(kind: Kind, config: Pick<ConnectorConfig, 'tls'>, { base, closed }: FilesPolicyOptions): Reach {
  const { network, fs, childProcess } = grantedSet(kind.permissions);
  const { caFile, certFile, keyFile } = withWholePaths(config, base).tls ?? {};
  const named = [caFile, certFile, keyFile].filter((path) => path !== undefined);
  return {
    read: [...fs.read, ...named].flatMap(namesOf),
    write: fs.write.flatMap(namesOf),
    network: network.length > 0,
    childProcess,
    closed: closed.flatMap(namesOf),
  };
}

/** The variables that a connector of a kind sees. */
export function environmentOf(kind: Kind, environment: Environment): Readonly<Record<string, string>> {
  const { env } = grantedSet(kind.permissions);
  return Object.fromEntries(
    env.flatMap((name) => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

/** What a kind asks for that is walled off from it, as nobody granted it: one problem, with the one line that mends it. */
export function checkGrants(kind: Kind, asked: ConfiguredLevel | undefined): Problem[] {
  const { name, source, permissions } = kind;
  if (source.via !== 'package' || isolationOf(kind, asked) !== 'restricted') return [];
  const missing = permissions.filter(({ granted }) => granted.length === 0);
  if (missing.length === 0) return [];
  const [noun, verb] = missing.length === 1 ? ['permission', 'is'] : ['permissions', 'are'];
  const names = missing.map(({ permission, value }) =>
    permission === 'child_process' ? permission : `${permission} "${value}"`,
  );
  return [
    {
      path: 'isolation',
      expected: `the ${noun} ${names.join(', ')} to be granted, or another level`,
      received: '"restricted"',
      message: `the kind "${name}" asks for the ${noun} ${names.join(', ')}, which ${verb} not granted; the operator must write below "plugins:" in the configuration file: ${grantLine(source.packageName, missing)}`,
    },
  ];
}

/** A path as it was written, and where it leads. */
function namesOf(path: string): readonly string[] {
  return [...new Set([path, realOrWritten(path)])];
}
