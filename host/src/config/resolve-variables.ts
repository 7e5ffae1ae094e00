import type { JsonValue, Problem } from '@automate/contract';
import { appendPath, HIDDEN_KEY, isName, isTextField } from '@automate/contract/schemas';
import type { PathStep } from '@automate/contract/schemas';
import type { YamlNode } from './compose-yaml.ts';
import { interpolate, readScalar } from './interpolate.ts';
import type { Environment } from './interpolate.ts';

/** A text of the file that held variables. */
export interface WrittenText {
  readonly path: readonly PathStep[];
  /** As it stands in the file. */
  readonly text: string;
}

export interface ResolvedValues {
  readonly value: JsonValue | undefined;
  /** Offsets of everything that has a path; of entries of maps, where their key stands. */
  readonly offsets: ReadonlyMap<string, number>;
  /** Texts that held variables, by path. */
  readonly written: ReadonlyMap<string, WrittenText>;
  readonly problems: readonly Problem[];
  /** Paths of values that could not be had. Faults or problems say why. */
  readonly missing: ReadonlySet<string>;
}

interface Walk {
  readonly environment: Environment | undefined;
  readonly offsets: Map<string, number>;
  readonly written: Map<string, WrittenText>;
  readonly problems: Problem[];
  readonly missing: Set<string>;
}

/** The nodes of a file as plain values, variables replaced where there is an environment. */
export function resolveVariables(root: YamlNode | undefined, environment: Environment | undefined): ResolvedValues {
  const walk: Walk = { environment, offsets: new Map(), written: new Map(), problems: [], missing: new Set() };
  if (root === undefined) return { value: undefined, ...walk };
  walk.offsets.set('', root.offset);
  return { value: toValue(root, [], '', walk), ...walk };
}

function toValue(node: YamlNode, path: readonly PathStep[], at: string, walk: Walk): JsonValue {
  if (node.kind === 'scalar') return toScalar(node, path, at, walk);
  if (node.kind === 'list') return node.items.map((item, index) => child(item, item.offset, index, { path, at, walk }));
  const entries = node.entries.map(
    ({ key, offset, value }) => [key, child(value, offset, key, { path, at, walk })] as const,
  );
  return Object.fromEntries(entries);
}

function child(
  node: YamlNode,
  offset: number,
  step: PathStep,
  parent: { readonly path: readonly PathStep[]; readonly at: string; readonly walk: Walk },
): JsonValue {
  const at = appendPath(parent.at, step);
  const hidden = appendPath(parent.at, HIDDEN_KEY);
  if (typeof step === 'string' && !isName(step, parent.path) && !parent.walk.offsets.has(hidden))
    parent.walk.offsets.set(hidden, offset);
  parent.walk.offsets.set(at, offset);
  return toValue(node, [...parent.path, step], at, parent.walk);
}

function toScalar(node: YamlNode & { kind: 'scalar' }, path: readonly PathStep[], at: string, walk: Walk): JsonValue {
  if (node.broken === true) walk.missing.add(at);
  const result = walk.environment === undefined ? undefined : interpolate(node.text, walk.environment);
  if (result === undefined || result.kind === 'plain') return node.plain ? readScalar(node.text) : node.text;
  walk.written.set(at, { path, text: node.text });
  if (result.kind === 'failed') {
    walk.missing.add(at);
    walk.problems.push({ path: at, expected: result.expected, received: result.received });
    return null;
  }
  // `port: ${PORT}` is a number; a password that looks like one is still a text, and so is everything in quotes.
  return result.whole && node.plain && !isTextField(path) ? readScalar(result.text) : result.text;
}
