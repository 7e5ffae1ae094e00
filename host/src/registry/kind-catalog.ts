import type { ConnectorType } from '@automate/contract';

/** Where a kind's code is. */
export type KindSource =
  | { readonly via: 'package'; readonly packageName: string; readonly packageVersion: string; readonly entryUrl: string }
  /** Registered by the embedding program as a module: runs in a thread like any other. */
  | { readonly via: 'entry'; readonly entryUrl: string }
  /** Registered by the embedding program as a class: a class cannot enter a thread, so it runs in the host's own. */
  | { readonly via: 'class'; readonly adapterClass: new () => unknown };

/** A kind that connectors can be made of. */
export interface Kind {
  readonly name: string;
  readonly type: ConnectorType;
  readonly title?: string;
  readonly description?: string;
  readonly autoconfigure: boolean;
  readonly source: KindSource;
}

/** The kinds that there are, and why those that were found are not among them. */
export class KindCatalog {
  readonly #registered = new Map<string, Kind>();
  #discovered: ReadonlyMap<string, Kind> = new Map();
  #refused: ReadonlyMap<string, string> = new Map();

  /** Adds a kind of the embedding program's; it comes before a discovered one of the same name. */
  register(kind: Kind): void {
    this.#registered.set(kind.name, kind);
  }

  /** Replaces what the last scan found: the kinds, and a sentence for each kind that it found and refused. */
  replaceDiscovered(kinds: ReadonlyMap<string, Kind>, refused: ReadonlyMap<string, string>): void {
    this.#discovered = kinds;
    this.#refused = refused;
  }

  find(name: string): Kind | undefined {
    return this.#registered.get(name) ?? this.#discovered.get(name);
  }

  /** All kinds in order of name. */
  all(): readonly Kind[] {
    const names = new Set([...this.#registered.keys(), ...this.#discovered.keys()]);
    return [...names].sort().flatMap((name) => this.find(name) ?? []);
  }

  /** Why there is no such kind, and what to do about it. */
  explainMissing(name: string): string {
    const refused = this.#refused.get(name);
    if (refused !== undefined) return refused;
    const known = this.all().map((kind) => kind.name);
    const choice = known.length === 0 ? 'no connector package is installed' : `installed are ${known.join(', ')}`;
    return `no installed package declares the kind "${name}" (${choice}): add the package that does, as a dependency of the project`;
  }
}

/** True when both kinds run the same code, so that a running connector need not be replaced. */
export function isSameKind(a: Kind, b: Kind): boolean {
  return JSON.stringify(a) === JSON.stringify(b) && classOf(a) === classOf(b);
}

function classOf(kind: Kind): unknown {
  return kind.source.via === 'class' ? kind.source.adapterClass : undefined;
}
