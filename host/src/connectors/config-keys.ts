import { isDeepStrictEqual } from 'node:util';
import type { JsonValue } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import { toWireConfig } from '@automate/contract/schemas';
import type { HostConfig } from '../config/host-config.ts';
import type { ConnectorEntry } from './connector-state.ts';

/** Which keys of its own entry differ, in the words of the file; a variable that gives another value counts. Never what they hold. */
export function ownKeys(before: ConnectorEntry, after: ConnectorEntry): readonly string[] {
  const keys = new Set([
    ...differing(toWireConfig(before.written), toWireConfig(after.written)),
    ...differing(toWireConfig(before.config), toWireConfig(after.config)),
    ...(before.owner === after.owner ? [] : ['owner']),
  ]);
  return [...keys].toSorted();
}

/** What else it is made of that differs. */
export function sharedKeys(before: ConnectorEntry, after: ConnectorEntry): readonly string[] {
  const { config } = after;
  return [
    ...(isDeepStrictEqual(before.profile, after.profile) ? [] : [`profiles.${config.profile ?? ''}`]),
    ...(isDeepStrictEqual(before.fileRoots, after.fileRoots) ? [] : ['files.roots']),
    ...(isDeepStrictEqual(before.network, after.network) ? [] : ['network']),
    ...(kindOf(before) === kindOf(after) ? [] : ['plugins']),
  ];
}

/** Sections beside `connectors` that differ. */
export function changedSections(before: HostConfig, after: HostConfig): readonly string[] {
  const sections = [
    ['access', before.access, after.access],
    ['executions', before.executions, after.executions],
    ['files', before.fileRoots, after.fileRoots],
    ['mcp', before.mcp, after.mcp],
    ['network', before.network, after.network],
    ['plugins', before.plugins, after.plugins],
  ] as const;
  const names = new Set([...before.profiles.keys(), ...after.profiles.keys()]);
  return [
    ...sections.flatMap(([name, was, is]) => (isDeepStrictEqual(was, is) ? [] : [name])),
    ...[...names]
      .filter((name) => !isDeepStrictEqual(before.profiles.get(name), after.profiles.get(name)))
      .map((name) => `profiles.${name}`)
      .toSorted(),
  ];
}

function kindOf({ state }: ConnectorEntry): unknown {
  return state.phase === 'missing' ? undefined : state.kind;
}

function differing(before: JsonValue | undefined, after: JsonValue | undefined, path = ''): readonly string[] {
  if (!isJsonObject(before) || !isJsonObject(after))
    return JSON.stringify(before) === JSON.stringify(after) ? [] : [path];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => differing(before[name], after[name], path === '' ? name : `${path}.${name}`));
}
