import type { ActionDescription, ConnectorDescription } from '@automate/contract';
import type { LockedKind } from './connectors-lock.ts';
import type { Direction } from './compare-schemas.ts';
import { compareSchemas } from './compare-schemas.ts';
import { effectOf, lockKind } from './lock-package.ts';

/** One thing that a version of a kind does otherwise than the one before. */
export interface KindChange {
  /**
   * `writes`: an action that only read may write, which somebody must accept; `breaking`: what worked with the former may not work
   * with this; `other`: nobody need change anything.
   */
  readonly weight: 'writes' | 'breaking' | 'other';
  /** A sentence: `weather: the action "forecast" turned from reading to writing`. */
  readonly message: string;
}

const ORDER = ['writes', 'breaking', 'other'] as const;

/** What changed from one description of a kind to the next, what weighs most first. */
export function compareDescriptions(before: ConnectorDescription, after: ConnectorDescription): readonly KindChange[] {
  const { kind } = after;
  const changes: KindChange[] = [...compareEffects(kind, lockKind(before), lockKind(after))];
  const schema = (subject: string, old: unknown, now: unknown, direction: Direction): void => {
    for (const { breaking, path, what } of compareSchemas(old, now, direction)) {
      const where = path === '' ? subject : `${subject}: "${path}"`;
      changes.push({ weight: breaking ? 'breaking' : 'other', message: `${kind}: ${where} ${what}` });
    }
  };
  schema('the settings', before.configSchema ?? {}, after.configSchema ?? {}, 'given');
  for (const action of after.actions) {
    const old = before.actions.find(({ name }) => name === action.name);
    if (old === undefined) continue;
    schema(`the input of "${action.name}"`, old.input, action.input, 'given');
    if (old.output !== undefined) schema(`the result of "${action.name}"`, old.output, action.output ?? {}, 'answered');
  }
  return inOrder(changes);
}

/** The same, as far as a lock can tell: which schemas differ, and not in what. */
export function compareLocked(kind: string, before: LockedKind, after: LockedKind): readonly KindChange[] {
  const changes: KindChange[] = [...compareEffects(kind, before, after)];
  if (before.settings !== after.settings)
    changes.push({ weight: 'breaking', message: `${kind}: the settings have another schema` });
  for (const [name, action] of Object.entries(after.actions)) {
    const old = before.actions[name];
    if (old !== undefined && old.schema !== action.schema)
      changes.push({ weight: 'breaking', message: `${kind}: the action "${name}" has another schema` });
  }
  return inOrder(changes);
}

/** The actions that only read by what was accepted, and may write by what is described now. */
export function findTurned(before: LockedKind, actions: readonly ActionDescription[]): readonly string[] {
  return actions
    .filter((action) => before.actions[action.name]?.effect === 'read' && effectOf(action) !== 'read')
    .map(({ name }) => name);
}

function compareEffects(kind: string, before: LockedKind, after: LockedKind): readonly KindChange[] {
  const changes: KindChange[] = [];
  for (const [name, { effect }] of Object.entries(before.actions)) {
    const now = after.actions[name]?.effect;
    if (now === effect) continue;
    if (now === undefined) changes.push({ weight: 'breaking', message: `${kind}: the action "${name}" is gone` });
    else if (effect === 'read')
      changes.push({ weight: 'writes', message: `${kind}: the action "${name}" turned from reading to writing` });
    else
      changes.push({
        weight: now === 'write' ? 'breaking' : 'other',
        message: `${kind}: the action "${name}" was declared a ${effect} and is a ${now}`,
      });
  }
  for (const [name, { effect }] of Object.entries(after.actions)) {
    if (before.actions[name] === undefined)
      changes.push({ weight: 'other', message: `${kind}: the action "${name}" is new (${effect})` });
  }
  if (after.open === true && before.open !== true)
    changes.push({ weight: 'writes', message: `${kind}: takes any name of an action now, whatever that does` });
  return changes;
}

function inOrder(changes: readonly KindChange[]): readonly KindChange[] {
  return changes.toSorted((a, b) => ORDER.indexOf(a.weight) - ORDER.indexOf(b.weight));
}
