import { pathToFileURL } from 'node:url';
import type { ConnectorType } from '@automate/contract';
import { KIND_PATTERN } from '@automate/contract';
import type { Declaration } from '../discovery/declaration.ts';
import type { Kind } from '../registry/kind-catalog.ts';

/** Discovery's declarations as kinds of the registry. */
export function kindsOf(declarations: ReadonlyMap<string, Declaration>): ReadonlyMap<string, Kind> {
  return new Map([...declarations].map(([name, declaration]) => [name, toKind(declaration)]));
}

function toKind(declaration: Declaration): Kind {
  return {
    name: declaration.kind,
    type: declaration.type,
    title: declaration.title,
    description: declaration.description,
    scheme: declaration.scheme,
    autoconfigure: declaration.autoconfigure,
    source: {
      via: 'package',
      packageName: declaration.packageName,
      packageVersion: declaration.packageVersion,
      entryUrl: declaration.entryUrl,
    },
  };
}

/** A kind that the embedding program brings along instead of a package. */
export interface KindRegistration {
  /** `^[a-z][a-z0-9_]*$` */
  readonly kind: string;
  /** A module whose default export is the adapter class, which runs in a worker; or the class itself, which runs inline, not isolated. */
  readonly adapter: { readonly entry: URL | string } | (new () => object);
  /** Default `custom`. */
  readonly type?: ConnectorType;
  readonly title?: string;
  readonly description?: string;
  /** Scheme of the endpoint where the configuration names none. Default `http`. */
  readonly scheme?: string;
  /** A connector whose id is the kind exists without a configuration entry. Default false. */
  readonly autoconfigure?: boolean;
}

/** Throws TypeError for a name that is none. */
export function registeredKind(registration: KindRegistration): Kind {
  const { kind: name, adapter, type = 'custom', title, description, scheme, autoconfigure = false } = registration;
  if (!KIND_PATTERN.test(name)) throw new TypeError(`"${name}" is no name for a kind: expected ${KIND_PATTERN.source}`);
  return {
    name,
    type,
    ...(title === undefined ? undefined : { title }),
    ...(description === undefined ? undefined : { description }),
    ...(scheme === undefined ? undefined : { scheme }),
    autoconfigure,
    source:
      typeof adapter === 'function'
        ? { via: 'class', adapterClass: adapter }
        : { via: 'entry', entryUrl: toUrl(adapter.entry) },
  };
}

function toUrl(entry: URL | string): string {
  if (typeof entry !== 'string') return entry.href;
  return entry.startsWith('file:') ? entry : pathToFileURL(entry).href;
}
