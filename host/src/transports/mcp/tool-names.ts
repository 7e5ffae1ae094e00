import { createHash } from 'node:crypto';

/** Clients take no longer names, as some of them put a name of their own in front. */
const MOST = 40;
/** Digits of the hash that tells long names, and names that would be one, apart. */
const TAIL = 10;

/** What a tool calls: an action of a connector. */
export interface ToolTarget {
  readonly connector: string;
  readonly action: string;
}

/**
 * A name for each, in the same order: `<connector>__<action>`, in letters that every client takes. One that would be too long, or
 * that of another as well, ends in a hash of what it stands for, so that it is the same whatever else there is.
 */
export function nameTools(targets: readonly ToolTarget[]): readonly string[] {
  const plain = targets.map(({ connector, action }) => `${connector}__${action}`.replaceAll(/[^a-zA-Z0-9_-]/g, '_'));
  const counts = new Map<string, number>();
  for (const name of plain) counts.set(name, (counts.get(name) ?? 0) + 1);
  const taken = new Set<string>();
  return plain.map((name, index) => {
    const { connector = '', action = '' } = targets[index] ?? {};
    let chosen = name.length <= MOST && counts.get(name) === 1 ? name : withTail(name, `${connector}/${action}`);
    for (let again = 2; taken.has(chosen); again += 1) chosen = withTail(name, `${connector}/${action}/${again}`);
    taken.add(chosen);
    return chosen;
  });
}

function withTail(name: string, of: string): string {
  const tail = createHash('sha256').update(of).digest('hex').slice(0, TAIL);
  return `${name.slice(0, MOST - TAIL - 1)}_${tail}`;
}
