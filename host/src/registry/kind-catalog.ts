import type { ConnectorType } from '@automate/contract';
import { AlreadyExistsError } from '@automate/contract';

/** Where a kind's code is. */
export type KindSource =
  | {
      readonly via: 'package';
      readonly packageName: string;
      readonly packageVersion: string;
      readonly entryUrl: string;
    }
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
  /** Of the endpoint, where the configuration names none. Absent: `http`. */
  readonly scheme?: string | undefined;
  readonly autoconfigure: boolean;
  readonly source: KindSource;
}

/** The kinds that there are, and why those that were found are not among them. */
export class KindCatalog {
  readonly #registered = new Map<string, Kind>();
  #discovered: ReadonlyMap<string, Kind> = new Map();
  #explainMissing: (name: string) => string = (name) => `no package that was found declares the kind "${name}"`;

  /**
   * Adds a kind of the embedding program's; it comes before a discovered one of the same name. Throws AlreadyExistsError
   * for a second one of that name.
   */
  register(kind: Kind): void {
    if (this.#registered.has(kind.name))
      throw new AlreadyExistsError(`the kind "${kind.name}" is registered already: give this one another name`);
    this.#registered.set(kind.name, kind);
  }

  /** Replaces what the last scan found: the kinds, and why others are not among them. */
  replaceDiscovered(kinds: ReadonlyMap<string, Kind>, explainMissing: (name: string) => string): void {
    this.#discovered = keepUnchanged(this.#discovered, kinds);
    this.#explainMissing = explainMissing;
  }

  find(name: string): Kind | undefined {
    return this.#registered.get(name) ?? this.#discovered.get(name);
  }

  /** All kinds in order of name. */
  all(): readonly Kind[] {
    const names = new Set([...this.#registered.keys(), ...this.#discovered.keys()]);
    return [...names].toSorted().flatMap((name) => this.find(name) ?? []);
  }

  /** Why there is no such kind, and what to do about it. */
  explainMissing(name: string): string {
    return this.#explainMissing(name);
  }
}

/** The new kinds, but the old object for each whose code is the same: what runs it or knows it need not be replaced. */
function keepUnchanged(before: ReadonlyMap<string, Kind>, after: ReadonlyMap<string, Kind>): ReadonlyMap<string, Kind> {
  return new Map(
    [...after].map(([name, kind]) => {
      const old = before.get(name);
      return [name, old !== undefined && JSON.stringify(old) === JSON.stringify(kind) ? old : kind];
    }),
  );
}
