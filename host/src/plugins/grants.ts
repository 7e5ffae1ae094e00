import type { KindPermission, Permission, PermissionSet } from '@automate/contract';
import { matchesPattern } from '@automate/contract';

/** What is granted, by pattern of package names. All that match count together. */
export type Grants = Readonly<Record<string, PermissionSet>>;

/** One thing that is asked for, or granted. */
type Item = Pick<KindPermission, 'permission' | 'value'>;

/**
 * What of a kind's permissions is granted. What is asked for by its name is granted whole or not at all; a pattern may be
 * granted in part. A grant that reaches further than what is asked for gives no more than that.
 */
export function decideGrants(
  packageName: string,
  { kind, permissions }: { readonly kind: string; readonly permissions: PermissionSet },
  grants: Grants,
): readonly KindPermission[] {
  const given = Object.entries(grants)
    .filter(([pattern]) => matchesPattern(packageName, pattern))
    .flatMap(([, set]) => itemsOf(set));
  return itemsOf(permissions).map((asked) => ({ kind, ...asked, granted: grantedOf(asked, given) }));
}

/** All that a kind asks for, granted. */
export function grantAll(kind: string, permissions: PermissionSet): readonly KindPermission[] {
  return itemsOf(permissions).map((asked) => ({ kind, ...asked, granted: [asked.value] }));
}

/** What is granted in all, of one kind. */
export function grantedSet(permissions: readonly KindPermission[]): PermissionSet {
  const valuesOf = (name: Permission): readonly string[] =>
    permissions.flatMap(({ permission, granted }) => (permission === name ? granted : []));
  return {
    network: valuesOf('network'),
    env: valuesOf('env'),
    fs: { read: valuesOf('fs.read'), write: valuesOf('fs.write') },
    childProcess: valuesOf('child_process').length > 0,
  };
}

interface Asking {
  readonly permissions: readonly KindPermission[];
}

/** Whether something was granted that is asked for still, and is granted no more. */
export function grantsLess({ permissions }: Asking, than: Asking): boolean {
  return permissions.some(({ permission, value, granted }) => {
    const before = than.permissions.find((each) => each.permission === permission && each.value === value);
    return before?.granted.some((each) => !granted.includes(each)) ?? false;
  });
}

/** Grants that no kind asks for, each as it stands below `plugins:`. */
export function findUnusedGrants(
  grants: Grants,
  kinds: readonly (Asking & { readonly packageName: string })[],
): readonly string[] {
  return Object.entries(grants).flatMap(([pattern, set]) => {
    const asked = kinds
      .filter(({ packageName }) => matchesPattern(packageName, pattern))
      .flatMap((kind) => kind.permissions);
    return itemsOf(set)
      .filter((given) => !asked.some((each) => covers(given, each) || covers(each, given)))
      .map((given) => grantLine(pattern, [given]));
  });
}

/** The words below `plugins:` in the configuration file that grant all of these. */
export function grantLine(packageName: string, items: readonly Item[]): string {
  const valuesOf = (wanted: Permission): readonly string[] => {
    const values = items.flatMap(({ permission, value }) =>
      permission === wanted ? [writtenValue(permission, value)] : [],
    );
    return [...new Set(values)];
  };
  const keys = (...names: readonly Permission[]): readonly string[] =>
    names.flatMap((name) => {
      const values = valuesOf(name);
      return values.length === 0 ? [] : [`${name.replace('fs.', '')}: [${values.join(', ')}]`];
    });
  const files = keys('fs.read', 'fs.write').join(', ');
  const programs = valuesOf('child_process').length > 0;
  const all = [
    ...keys('network', 'env'),
    ...(files === '' ? [] : [`fs: { ${files} }`]),
    ...(programs ? ['child_process: true'] : []),
  ];
  return `grants: { ${JSON.stringify(packageName)}: { ${all.join(', ')} } }`;
}

function writtenValue(permission: Permission, value: string): string {
  // All files are granted to nobody.
  return JSON.stringify(permission.startsWith('fs.') && value === '*' ? '/the/directory/it/needs' : value);
}

function itemsOf({ network, env, fs, childProcess }: PermissionSet): readonly Item[] {
  const items = (permission: Permission, values: readonly string[]): readonly Item[] =>
    values.map((value) => ({ permission, value }));
  return [
    ...items('network', network),
    ...items('env', env),
    ...items('fs.read', fs.read),
    ...items('fs.write', fs.write),
    ...(childProcess ? items('child_process', ['true']) : []),
  ];
}

function grantedOf(asked: Item, given: readonly Item[]): readonly string[] {
  if (given.some((each) => covers(each, asked))) return [asked.value];
  if (!isPattern(asked)) return [];
  return given.filter((each) => covers(asked, each)).map(({ value }) => value);
}

function isPattern({ permission, value }: Item): boolean {
  if (permission !== 'network') return value === '*';
  const { host, port } = splitHost(value);
  return port === '*' || host.startsWith('*');
}

/** Whether one reaches as far as the other, or further. */
function covers(wide: Item, narrow: Item): boolean {
  if (wide.permission !== narrow.permission) return false;
  if (wide.value === narrow.value) return true;
  switch (wide.permission) {
    case 'network':
      return coversHost(splitHost(wide.value), splitHost(narrow.value));
    case 'fs.read':
    case 'fs.write':
      if (narrow.value === '*') return false;
      return (
        wide.value === '*' || `${narrow.value}/`.startsWith(wide.value.endsWith('/') ? wide.value : `${wide.value}/`)
      );
    case 'env':
    case 'child_process':
      return false;
    default:
      return wide.permission satisfies never;
  }
}

interface HostPattern {
  readonly host: string;
  /** `*` is any. */
  readonly port: string;
}

/** No port is any port. */
function splitHost(pattern: string): HostPattern {
  const [, host = '', port = '*'] = /^(\[.*\]|[^:]*)(?::(.*))?$/.exec(pattern.toLowerCase()) ?? [];
  return { host, port };
}

function coversHost(wide: HostPattern, narrow: HostPattern): boolean {
  if (wide.port !== '*' && wide.port !== narrow.port) return false;
  if (wide.host === '*' || wide.host === narrow.host) return true;
  return wide.host.startsWith('*.') && narrow.host.endsWith(wide.host.slice(1));
}
