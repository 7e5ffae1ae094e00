import { coversName, normalName, parseNetworkRule } from '@automate/contract';
import type { Permission } from '@automate/contract';
import { isJsonObject } from '@automate/sdk';
import type { JsonValue } from '@automate/sdk';
import type { Use } from './record-uses.ts';

/** What a kind asks for, in the form of the manifest, each list of it. */
export interface AskedPermissions {
  readonly network: readonly string[];
  readonly env: readonly string[];
  readonly fs: { readonly read: readonly string[]; readonly write: readonly string[] };
  readonly childProcess: boolean;
}

/** What of all that is asked for or used is asked, missing, or not used. */
export interface JudgedPermission {
  readonly permission: Permission;
  readonly value: string;
  readonly state: 'used' | 'unused' | 'missing' | 'by_library';
}

/** The permissions that would do, and how those that are asked for compare with them. */
export interface SmallestPermissions {
  readonly permissions: AskedPermissions;
  readonly judged: readonly JudgedPermission[];
}

/**
 * The least that a kind has to ask for so as to do what it was seen doing. What its configuration or a payload named is its operator's
 * choice: `*` stands for that, unless the manifest says where that may be. What only libraries did is told, and not asked for.
 */
export function smallestPermissions(asked: AskedPermissions, uses: readonly Use[]): SmallestPermissions {
  const judged: JudgedPermission[] = [];
  const list = (permission: Permission, rules: readonly string[]): readonly string[] => {
    const used = uses.filter((use) => use.permission === permission);
    const covers = (rule: string, use: Use): boolean => COVERS[permission](rule, use);
    const kept = rules.filter((rule) => used.some((use) => covers(rule, use)));
    const rest = used.filter(
      (use) => !kept.some((rule) => covers(rule, use) || (permission === 'network' && rule === '*')),
    );
    const missing = unique(rest.filter(({ byLibrary }) => !byLibrary).map((use) => (use.given ? '*' : use.value)));
    const all = [...kept, ...missing];
    for (const value of rules) judged.push({ permission, value, state: kept.includes(value) ? 'used' : 'unused' });
    for (const value of missing) judged.push({ permission, value, state: 'missing' });
    for (const { value } of rest.filter(({ byLibrary }) => byLibrary))
      judged.push({ permission, value, state: 'by_library' });
    return permission === 'network' && all.includes('*') ? ['*'] : all;
  };
  const [network, env, read, write] = [
    list('network', asked.network),
    list('env', asked.env),
    list('fs.read', asked.fs.read),
    list('fs.write', asked.fs.write),
  ];
  const childProcess = uses.some(({ permission }) => permission === 'child_process');
  if (asked.childProcess || childProcess)
    judged.push({
      permission: 'child_process',
      value: 'true',
      state: asked.childProcess ? (childProcess ? 'used' : 'unused') : 'missing',
    });
  return { permissions: { network, env, fs: { read, write }, childProcess }, judged };
}

const isOfPath = (rule: string, { value, given }: Use): boolean =>
  rule === '*' ? given : value === rule || value.startsWith(`${rule.replace(/\/$/, '')}/`);

const COVERS: Readonly<Record<Permission, (rule: string, use: Use) => boolean>> = {
  // Where it was told to connect to in a test stands for where its operator will tell it.
  network: (rule, use) => use.given || (rule !== '*' && isOfHost(rule, use.value)),
  env: (rule, { value }) => rule === value,
  'fs.read': isOfPath,
  'fs.write': isOfPath,
  child_process: () => true,
};

function isOfHost(text: string, target: string): boolean {
  const rule = parseNetworkRule(text);
  const { hostname = '', port = '' } = URL.parse(`tcp://${target}`) ?? {};
  if (rule === undefined || (rule.port !== undefined && rule.port !== Number(port))) return false;
  return rule.kind === 'name'
    ? coversName(rule, normalName(hostname))
    : rule.kind === 'all' || text.startsWith(hostname);
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)].toSorted();
}

/** What a kind asks for by its package's manifest. */
export function askedPermissions(manifest: unknown, kind: string): AskedPermissions {
  const automate = isJsonObject(manifest) ? manifest['automate'] : undefined;
  const connectors = isJsonObject(automate) ? automate['connectors'] : undefined;
  const declared = isJsonObject(connectors) ? connectors[kind] : undefined;
  const asked = isJsonObject(declared) && isJsonObject(declared['permissions']) ? declared['permissions'] : {};
  const files = isJsonObject(asked['fs']) ? asked['fs'] : {};
  return {
    network: textsOf(asked['network']),
    env: textsOf(asked['env']),
    fs: { read: textsOf(files['read']), write: textsOf(files['write']) },
    childProcess: asked['childProcess'] === true,
  };
}

function textsOf(value: JsonValue | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}
