import type { ConnectorDescription } from '@automate/contract';
import { describeProblem } from '@automate/contract';
import type { Kind } from '../kind-catalog.ts';
import { findTurned } from './compare-kinds.ts';
import type { LockedKind, LockReading } from './connectors-lock.ts';
import { createLockReader } from './connectors-lock.ts';

/** What somebody has to accept before a version of a kind takes another's place. Without a lock nobody has to accept anything. */
export interface Acceptance {
  /** Whether the lock knows the kind, so that its description is to be shown to `explain`. */
  isLocked(kind: Kind): boolean;
  /** A sentence: what was not accepted, and what to say; undefined where everything was. */
  explain(kind: Kind, description: ConnectorDescription): string | undefined;
}

/** By the lock as it lies in the project at each question, as other programs write it. */
export function acceptanceOf(projectDir: string): Acceptance {
  const read = createLockReader(projectDir);
  return {
    isLocked: (kind) => lockedKind(read(), kind) !== undefined,
    explain(kind, description) {
      const locked = lockedKind(read(), kind);
      if (locked === undefined || kind.source.via !== 'package') return undefined;
      // What was accepted cannot be told, which is no reason to take everything for accepted.
      if (typeof locked === 'string') return locked;
      const turned = findTurned(locked, description.actions).map((name) => JSON.stringify(name));
      const opened = description.open && locked.open !== true;
      if (turned.length === 0 && !opened) return undefined;
      const [noun, verb] = turned.length === 1 ? ['action', 'turns'] : ['actions', 'turn'];
      const what =
        turned.length === 0
          ? 'it takes any name of an action now'
          : `the ${noun} ${turned.join(', ')} ${verb} from reading to writing`;
      const { packageName, packageVersion } = kind.source;
      return `${what} in version ${packageVersion}, which nobody has accepted: the operator should say "automate plugins update --installed" to accept that, or "automate plugins rollback ${packageName}" to return`;
    },
  };
}

/** A text says what is wrong with the lock. */
function lockedKind(reading: LockReading, { name, source }: Kind): LockedKind | string | undefined {
  if (source.via !== 'package' || reading.kind === 'absent') return undefined;
  return reading.kind === 'faulty'
    ? reading.problems.map(describeProblem).join('; ')
    : reading.lock[source.packageName]?.kinds[name];
}
