import type { ConfiguredLevel, ConnectorType, IsolationLevel, KindPermission } from '@automate/contract';
import { AlreadyExistsError } from '@automate/contract';
import type { Declaration } from './discovery/declaration.ts';
import type { KindIsolation } from './isolation.ts';
import { strongest } from './isolation.ts';

/** Where a kind's code is. */
export type KindSource =
  | ({ readonly via: 'package' } & Pick<
      Declaration,
      'packageName' | 'packageVersion' | 'packageDir' | 'manifestHash' | 'entryUrl'
    > & {
        /** Tells a later build under the same package.json from the one that was first run. */
        readonly build?: string | undefined;
      })
  /** Registered by the embedding program as a module: isolated like any other. */
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
  readonly isolation: KindIsolation;
  /** What it asks for, and what of that is granted. */
  readonly permissions: readonly KindPermission[];
  readonly source: KindSource;
}

/**
 * How isolated a connector of a kind is: as it asks itself, else as the kind's do, and never weaker than the kind's must be. A class cannot leave the thread that it
 * was made in.
 */
export function isolationOf({ source, isolation }: Kind, asked: ConfiguredLevel | undefined): IsolationLevel {
  return source.via === 'class' ? 'none' : strongest([asked ?? isolation.fallback, isolation.minimum]);
}

/** What a scan found: the kinds, and why others are not among them. */
export interface DiscoveredKinds {
  readonly kinds: ReadonlyMap<string, Kind>;
  /** `others`: kinds that there are besides. */
  explainMissing(name: string, others: readonly string[]): string;
  /** Whether the package of a kind that was there before is there still, and is refused for what is wrong with it. */
  isBroken(packageName: string): boolean;
}

const NOTHING_FOUND: DiscoveredKinds = {
  kinds: new Map(),
  explainMissing: (name) => `no package that was found declares the kind "${name}"`,
  isBroken: () => false,
};

/** The kinds that there are, and why those that were found are not among them. A change gives another catalog. */
export class KindCatalog {
  readonly #registered: ReadonlyMap<string, Kind>;
  readonly #discovered: DiscoveredKinds;

  constructor(registered: ReadonlyMap<string, Kind> = new Map(), discovered: DiscoveredKinds = NOTHING_FOUND) {
    this.#registered = registered;
    this.#discovered = discovered;
  }

  /**
   * With a kind of the embedding program's; it comes before a discovered one of the same name. Throws AlreadyExistsError
   * for a second one of that name.
   */
  withRegistered(kind: Kind): KindCatalog {
    if (this.#registered.has(kind.name))
      throw new AlreadyExistsError(`the kind "${kind.name}" is registered already: give this one another name`);
    return new KindCatalog(new Map([...this.#registered, [kind.name, kind]]), this.#discovered);
  }

  /** With what another scan found in place of what was found before. */
  withDiscovered(found: DiscoveredKinds): KindCatalog {
    const kinds = keepUnchanged(this.#discovered.kinds, found.kinds);
    return new KindCatalog(this.#registered, { ...found, kinds });
  }

  find(name: string): Kind | undefined {
    return this.#registered.get(name) ?? this.#discovered.kinds.get(name);
  }

  /** All kinds in order of name. */
  all(): readonly Kind[] {
    const names = new Set([...this.#registered.keys(), ...this.#discovered.kinds.keys()]);
    return [...names].toSorted().flatMap((name) => this.find(name) ?? []);
  }

  /** Whether a kind is gone because of what is wrong with its package, and not because somebody wants it gone. */
  isBroken({ source }: Kind): boolean {
    return source.via === 'package' && this.#discovered.isBroken(source.packageName);
  }

  /** Why there is no such kind, and what to do about it. */
  explainMissing(name: string): string {
    return this.#discovered.explainMissing(name, [...this.#registered.keys()]);
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
