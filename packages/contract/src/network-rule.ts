import type { AddressBytes } from './network-address.ts';
import { isIPv4, parseAddress, sharesPrefix } from './network-address.ts';

/** Words of rules that stand for many addresses. */
export const NETWORK_GROUPS = ['private', 'loopback', 'link-local', 'metadata'] as const;
export type NetworkGroup = (typeof NETWORK_GROUPS)[number];

/** One rule of `network`, read. */
export type NetworkRule = {
  /** As it is written. */
  readonly text: string;
  /** Absent: every port. */
  readonly port?: number;
} & (
  | { readonly kind: 'all' }
  | { readonly kind: 'range'; readonly start: AddressBytes; readonly bits: number }
  | { readonly kind: 'group'; readonly group: NetworkGroup }
  /** In small letters; `below`: all names below it, and not itself. */
  | { readonly kind: 'name'; readonly name: string; readonly below: boolean }
);

const PORT = /^(?:[1-9]\d{0,3}|[1-5]\d{4}|6[0-4]\d{3}|65[0-4]\d{2}|655[0-2]\d|6553[0-5])$/;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;

/**
 * Reads a rule: `10.0.0.0/8`, `10.1.2.3`, `fd00::/8`, a name, `*.example.com`, a group, `*`, each with a port behind a colon or
 * without one, addresses of IPv6 with a port in brackets. Undefined for what is none.
 */
export function parseNetworkRule(text: string): NetworkRule | undefined {
  // More than one colon belongs to an address, as brackets do.
  const [, bracketed, plain, portText] =
    /^(?:\[([^\]]*)\]|([^:[\]]*))(?::([^:]*))?$/.exec(text) ?? (/:.*:/.test(text) ? [text, undefined, text] : []);
  const host = bracketed ?? plain;
  if (host === undefined || host === '' || (portText !== undefined && portText !== '*' && !PORT.test(portText)))
    return undefined;
  const port = portText === undefined || portText === '*' ? {} : { port: Number(portText) };
  const base = { text, ...port };
  const [address = '', length, ...more] = host.split('/');
  const start = address.includes('%') ? undefined : parseAddress(address);
  if (start !== undefined && more.length === 0) {
    const most = isIPv4(start) && !address.includes(':') ? 32 : 128;
    if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > most)) return undefined;
    return { ...base, kind: 'range', start, bits: 128 - most + Number(length ?? most) };
  }
  if (bracketed !== undefined || host.includes('/')) return undefined;
  if (host === '*') return { ...base, kind: 'all' };
  const group = NETWORK_GROUPS.find((each) => each === host);
  if (group !== undefined) return { ...base, kind: 'group', group };
  const below = host.startsWith('*.');
  const name = normalName(below ? host.slice(2) : host);
  // What ends in a number is read as an address by many.
  return name.split('.').every((label) => LABEL.test(label)) && !/(^|\.)(\d+|0x[0-9a-f]*)$/.test(name)
    ? { ...base, kind: 'name', name, below }
    : undefined;
}

const LOWER: Readonly<Record<string, string>> = Object.freeze(
  Object.assign(
    Object.create(null) as Record<string, string>,
    Object.fromEntries('ABCDEFGHIJKLMNOPQRSTUVWXYZ'.split('').map((letter) => [letter, letter.toLowerCase()])),
  ),
);

/** A name in small letters and without the dot of the root. Calls no method, as `parseAddress`. */
export function normalName(name: string): string {
  let normal = '';
  const end = name[name.length - 1] === '.' ? name.length - 1 : name.length;
  for (let at = 0; at < end; at += 1) normal += LOWER[name[at] as string] ?? name[at];
  return normal;
}

/** Whether the rule is about this name, which is in normal form. Calls no method. */
export function coversName(rule: NetworkRule, name: string): boolean {
  if (rule.kind !== 'name') return false;
  if (!rule.below) return rule.name === name;
  const from = name.length - rule.name.length;
  if (from < 2 || name[from - 1] !== '.') return false;
  for (let at = 0; at < rule.name.length; at += 1) if (rule.name[at] !== name[from + at]) return false;
  return true;
}

/** Whether the rule is about this address, whatever its name is. Calls no method. */
export function coversAddress(rule: NetworkRule, address: AddressBytes): boolean {
  if (rule.kind === 'range') return sharesPrefix(rule.start, address, rule.bits);
  return rule.kind === 'group' && isInGroup(rule.group, address);
}

export function isInGroup(group: NetworkGroup, address: AddressBytes): boolean {
  const ranges = GROUPS[group];
  for (let at = 0; at < ranges.length; at += 1) {
    const { start, bits } = ranges[at] as Range;
    if (sharesPrefix(start, address, bits)) return true;
  }
  return false;
}

interface Range {
  readonly start: AddressBytes;
  readonly bits: number;
}

/** What each word stands for. */
export const NETWORK_GROUP_RANGES = {
  // Systems take the addresses that begin with a zero for this machine.
  loopback: ['127.0.0.0/8', '0.0.0.0/8', '::1', '::'],
  'link-local': ['169.254.0.0/16', 'fe80::/10'],
  metadata: [
    '169.254.169.254',
    '169.254.170.2',
    '169.254.170.23',
    '100.100.100.200',
    '168.63.129.16',
    '192.0.0.192',
    'fd00:ec2::254',
    'fd00:ec2::23',
    'fd20:ce::254',
    'fd00:42::42',
  ],
  private: [
    '10.0.0.0/8',
    '172.16.0.0/12',
    '192.168.0.0/16',
    '100.64.0.0/10',
    '192.0.0.0/24',
    '198.18.0.0/15',
    // Many at once, in the own network.
    '224.0.0.0/4',
    '255.255.255.255',
    'fc00::/7',
    'fec0::/10',
    'ff00::/8',
  ],
} as const satisfies Record<NetworkGroup, readonly string[]>;

const rangesOf = (group: NetworkGroup): readonly Range[] =>
  NETWORK_GROUP_RANGES[group].map((text) => {
    const rule = parseNetworkRule(text);
    if (rule?.kind !== 'range') throw new TypeError(`${text} is no range`);
    return { start: rule.start, bits: rule.bits };
  });

const GROUPS: Readonly<Record<NetworkGroup, readonly Range[]>> = {
  private: rangesOf('private'),
  loopback: rangesOf('loopback'),
  'link-local': rangesOf('link-local'),
  metadata: rangesOf('metadata'),
};
