import { pathToFileURL } from 'node:url';
import { describeProblem, InvalidInputError, KIND_PATTERN } from '@automate/contract';
import type { Problem } from '@automate/contract';
import type { ConnectorManifestEntry } from '@automate/sdk';
import type { Declaration } from './discovery/declaration.ts';
import { describeValue } from './discovery/describe-value.ts';
import { parsePermissions } from './discovery/parse-permissions.ts';
import type { Grants } from './grants.ts';
import { decideGrants, grantAll } from './grants.ts';
import type { IsolationPolicy } from './isolation.ts';
import { decideIsolation } from './isolation.ts';
import type { Kind } from './kind-catalog.ts';

/** What the operator says of all kinds of a package. */
export type KindPolicy = IsolationPolicy & { readonly grants?: Grants };

/** Discovery's declarations as kinds of the registry. */
export function kindsOf(declarations: ReadonlyMap<string, Declaration>, policy: KindPolicy): ReadonlyMap<string, Kind> {
  return new Map([...declarations].map(([name, declaration]) => [name, toKind(declaration, policy)]));
}

function toKind(declaration: Declaration, policy: KindPolicy): Kind {
  return {
    name: declaration.kind,
    type: declaration.type,
    title: declaration.title,
    description: declaration.description,
    scheme: declaration.scheme,
    autoconfigure: declaration.autoconfigure,
    isolation: decideIsolation([declaration.packageName], declaration.recommendedIsolation, policy),
    permissions: decideGrants(declaration.packageName, declaration, policy.grants ?? {}),
    source: {
      via: 'package',
      packageName: declaration.packageName,
      packageVersion: declaration.packageVersion,
      packageDir: declaration.packageDir,
      manifestHash: declaration.manifestHash,
      entryUrl: declaration.entryUrl,
    },
  };
}

/** What `registry.register` takes beyond the kind's name and code. Whoever embeds the host grants the permissions that it names. */
export type KindOptions = Pick<
  ConnectorManifestEntry,
  'type' | 'title' | 'description' | 'scheme' | 'autoconfigure' | 'recommendedIsolation' | 'permissions'
>;

/** A kind that the embedding program brings along instead of a package. */
export interface KindRegistration extends KindOptions {
  /** `^[a-z][a-z0-9_]*$` */
  readonly kind: string;
  /** A module whose default export is the adapter class, which runs in a worker; or the class itself, which runs inline, not isolated. */
  readonly adapter: { readonly entry: URL | string } | (new () => object);
}

/** A registration as a kind. Throws InvalidInputError for a name that is none and for what is no adapter. */
export function toRegisteredKind(registration: KindRegistration): Kind {
  const {
    kind: name,
    adapter,
    type = 'custom',
    title,
    description,
    scheme,
    autoconfigure = false,
    recommendedIsolation,
    permissions: asked,
  } = registration;
  const faults: Problem[] = [];
  const permissions = parsePermissions(asked, 'permissions', ({ path, expected, value }) =>
    faults.push({ path, expected, received: describeValue(value) }),
  );
  const problems = [
    ...faults,
    ...(typeof name === 'string' && KIND_PATTERN.test(name)
      ? []
      : [{ path: 'kind', expected: `a name: ${KIND_PATTERN.source}`, received: describeValue(name) }]),
    ...(isAdapter(adapter)
      ? []
      : [
          {
            path: 'adapter',
            expected: 'a subclass of ConnectorAdapter, or { entry } with the URL or path of a module that exports one',
            received: describeValue(adapter),
          },
        ]),
  ];
  if (problems.length > 0)
    throw new InvalidInputError(`the kind cannot be registered: ${problems.map(describeProblem).join('; ')}`, {
      problems,
    });
  return {
    name,
    type,
    title,
    description,
    scheme,
    autoconfigure,
    isolation: decideIsolation([], recommendedIsolation, {}),
    permissions: grantAll(name, permissions),
    source:
      typeof adapter === 'function'
        ? { via: 'class', adapterClass: adapter }
        : { via: 'entry', entryUrl: toUrl(adapter.entry) },
  };
}

/** Takes any class: whether it is an adapter's shows when it is first constructed, as checking here would load the SDK. */
function isAdapter(value: unknown): boolean {
  if (typeof value === 'function') return true;
  const entry: unknown = (value as { entry?: unknown } | null)?.entry;
  return typeof entry === 'string' || entry instanceof URL;
}

function toUrl(entry: URL | string): string {
  if (typeof entry !== 'string') return entry.href;
  return entry.startsWith('file:') ? entry : pathToFileURL(entry).href;
}
