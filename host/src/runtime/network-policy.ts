import { networkInterfaces } from 'node:os';
import type { AddressBytes, NetworkRule } from '@automate/contract';
import {
  coversAddress,
  coversName,
  facesOf,
  isInGroup,
  parseAddress,
  parseNetworkRule,
  sharesPrefix,
} from '@automate/contract';

/** Where a connector may connect to, as plain data: it goes to the connector's worker. */
export interface NetworkPolicy {
  /** Rules as the configuration writes them. They lift `deny` and what is denied to all. */
  readonly allow: readonly string[];
  readonly deny: readonly string[];
  /** Of a connector that somebody else than the operator wrote, where callers sign in: loopback and private addresses are denied besides. */
  readonly registered?: {
    readonly allow: readonly string[];
    /** It is reported to the log and no more: the connector is older than the rule. */
    readonly lenient: boolean;
  };
  /** What its package was granted of the network, and nothing else; absent: grants do not bind it. */
  readonly granted?: readonly string[];
  /** Where the host itself listens. */
  readonly own: readonly ListeningPlace[];
  /** The host's own files and directories, of which no socket is connected to. */
  readonly closed: readonly string[];
}

export interface ListeningPlace {
  readonly address: string;
  readonly port: number;
}

/** What a connection is to. */
export interface NetworkTarget {
  /** Absent where a proxy looks the name up. */
  readonly address?: AddressBytes | undefined;
  /** Absent before it is known. */
  readonly port?: number | undefined;
  /** Names that this address was found by, in normal form. */
  readonly names: readonly string[];
}

/** Why a connection is refused. */
export interface NetworkRefusal {
  /** The rule: a word of ours, or as the configuration writes it. */
  readonly rule: string;
  /** What is said of the target: `is a link-local address`. */
  readonly why: string;
  /** The list of the configuration that would lift it. */
  readonly allowIn: 'network.allow' | 'network.registered.allow' | 'plugins.grants';
  /** It is only reported. */
  readonly tolerated: boolean;
}

/** Says of each target why it is refused; undefined where it is not. */
export type NetworkJudge = (target: NetworkTarget) => NetworkRefusal | undefined;

/**
 * Makes a policy ready to be asked. What it gives calls no method that a connector could have replaced, and costs a few comparisons
 * of numbers: it is asked once for each connection.
 */
export function createNetworkJudge(policy: NetworkPolicy): NetworkJudge {
  const allow = readRules(policy.allow);
  const deny = readRules(policy.deny);
  const registered =
    policy.registered === undefined
      ? undefined
      : { allow: readRules(policy.registered.allow), lenient: policy.registered.lenient };
  const granted = policy.granted === undefined ? undefined : readRules(policy.granted);
  const own = policy.own.flatMap(({ address, port }) => {
    const bytes = parseAddress(address);
    return bytes === undefined ? [] : [{ bytes, port }];
  });
  return (target) => {
    const { address, port } = target;
    const faces = address === undefined ? [] : facesOf(address);
    for (let at = 0; at < faces.length; at += 1) {
      const face = faces[at] as AddressBytes;
      const fixed = deniedToAll(face, port, own);
      if (fixed === undefined) continue;
      if (isNamedByAddress(allow, target, face)) continue;
      return { ...fixed, allowIn: 'network.allow', tolerated: false };
    }
    const denied = findRule(deny, target, faces);
    if (denied !== undefined && !isAllowed(allow, target, faces))
      return {
        rule: denied.text,
        why: `is denied by the rule "${denied.text}" of network.deny`,
        allowIn: 'network.allow',
        tolerated: false,
      };
    if (granted !== undefined && !isAllowed(granted, target, faces))
      return {
        rule: 'grants',
        why: 'is not among what its package was granted of the network',
        allowIn: 'plugins.grants',
        tolerated: false,
      };
    if (registered === undefined || isAllowed(registered.allow, target, faces)) return undefined;
    for (let at = 0; at < faces.length; at += 1) {
      const face = faces[at] as AddressBytes;
      const group = isInGroup('loopback', face) ? 'loopback' : isInGroup('private', face) ? 'private' : undefined;
      if (group === undefined) continue;
      return {
        rule: group,
        why:
          group === 'loopback'
            ? 'is this machine itself, which neither connectors that are registered over the API nor callbacks may reach'
            : 'is an address of private networks, which neither connectors that are registered over the API nor callbacks may reach',
        allowIn: 'network.registered.allow',
        tolerated: registered.lenient,
      };
    }
    return undefined;
  };
}

type Own = readonly { readonly bytes: AddressBytes; readonly port: number }[];

function deniedToAll(
  face: AddressBytes,
  port: number | undefined,
  own: Own,
): Pick<NetworkRefusal, 'rule' | 'why'> | undefined {
  if (isInGroup('metadata', face))
    return { rule: 'metadata', why: "is where clouds hand out a machine's credentials, which no connector may reach" };
  if (isInGroup('link-local', face))
    return { rule: 'link-local', why: 'is a link-local address, which no connector may reach' };
  for (let at = 0; at < own.length; at += 1) {
    const place = own[at] as Own[number];
    if (place.port === port && listensAt(place.bytes, face))
      return { rule: 'own port', why: 'is where this host itself listens, which no connector may reach' };
  }
  return undefined;
}

/** Whether what listens there is reached by this address. */
function listensAt(place: AddressBytes, face: AddressBytes): boolean {
  if (isSame(place, face)) return true;
  const isUnspecified = isSame(face, NOWHERE_4) || isSame(face, NOWHERE_6);
  const everywhere = isSame(place, NOWHERE_4) || isSame(place, NOWHERE_6);
  // Who connects to no address connects to this machine.
  if (isUnspecified) return everywhere || isInGroup('loopback', place);
  return everywhere && (isInGroup('loopback', face) || isOfThisMachine(face));
}

const NOWHERE_4 = parseAddress('0.0.0.0') as AddressBytes;
const NOWHERE_6 = parseAddress('::') as AddressBytes;

function isSame(a: AddressBytes, b: AddressBytes): boolean {
  return sharesPrefix(a, b, 128);
}

const valuesOf = Object.values;
const interfacesOf = networkInterfaces;

/** Read anew, as machines are given other addresses while they run; only asked where the port is one of the host's. */
function isOfThisMachine(face: AddressBytes): boolean {
  const all = valuesOf(interfacesOf());
  for (let at = 0; at < all.length; at += 1) {
    const list = all[at] ?? [];
    for (let index = 0; index < list.length; index += 1) {
      const bytes = parseAddress((list[index] as { readonly address: string }).address);
      if (bytes !== undefined && isSame(bytes, face)) return true;
    }
  }
  return false;
}

function readRules(texts: readonly string[]): readonly NetworkRule[] {
  return texts.flatMap((text) => parseNetworkRule(text) ?? []);
}

function isAllowed(rules: readonly NetworkRule[], target: NetworkTarget, faces: readonly AddressBytes[]): boolean {
  if (faces.length === 0) return anyCovers(rules, target, undefined);
  // Each of what an address may lead to has to be allowed, or the whole of it.
  if (anyCovers(rules, target, faces[0])) return true;
  if (faces.length === 1) return false;
  for (let at = 1; at < faces.length; at += 1) if (!anyCovers(rules, target, faces[at])) return false;
  return true;
}

/** A name may come to stand for any address, and `*` is said in passing: what is denied to all is lifted by address alone. */
function isNamedByAddress(rules: readonly NetworkRule[], { port }: NetworkTarget, face: AddressBytes): boolean {
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at] as NetworkRule;
    const isOfPort = rule.port === undefined || port === undefined || rule.port === port;
    if (isOfPort && coversAddress(rule, face)) return true;
  }
  return false;
}

function findRule(
  rules: readonly NetworkRule[],
  target: NetworkTarget,
  faces: readonly AddressBytes[],
): NetworkRule | undefined {
  for (let at = 0; at < rules.length; at += 1) {
    const rule = rules[at] as NetworkRule;
    if (covers(rule, target, undefined, false)) return rule;
    for (let face = 0; face < faces.length; face += 1) if (covers(rule, target, faces[face], false)) return rule;
  }
  return undefined;
}

/** A rule for one port counts as well while the port is not known. */
function anyCovers(rules: readonly NetworkRule[], target: NetworkTarget, face: AddressBytes | undefined): boolean {
  for (let at = 0; at < rules.length; at += 1) if (covers(rules[at] as NetworkRule, target, face, true)) return true;
  return false;
}

/** @param anyPort whether a rule for one port counts while the port is not known */
function covers(
  rule: NetworkRule,
  { port, names }: NetworkTarget,
  face: AddressBytes | undefined,
  anyPort: boolean,
): boolean {
  if (rule.port !== undefined && rule.port !== port && !(port === undefined && anyPort)) return false;
  if (rule.kind === 'all') return true;
  if (face !== undefined && coversAddress(rule, face)) return true;
  for (let at = 0; at < names.length; at += 1) if (coversName(rule, names[at] as string)) return true;
  return false;
}
