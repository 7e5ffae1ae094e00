import type { PluginProblem } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
// The files themselves: the package's root loads forty more, which takes longer than a whole scan.
import valid from 'semver/functions/valid.js';
import type { KindManifest } from './declaration.ts';
import { describeValue } from './describe-value.ts';
import type { Report } from './fault.ts';
import { printable } from './fault.ts';
import { parseKind } from './parse-kind.ts';
import { own } from './record.ts';
import { parseRelease } from './release.ts';

/** How a package is called where it was found. */
export interface NamedPackage {
  /** In node_modules, scope included. */
  readonly name: string;
  /** What its package.json must call it: the same, except under an alias (`"slack": "npm:@acme/connector-slack@1"`). */
  readonly expectedName: string;
}

/** What a package.json says about connectors. */
export type ParsedManifest =
  /** Nothing: the package is not about connectors. */
  | { readonly kind: 'foreign' }
  | {
      readonly kind: 'faulty';
      readonly version?: string;
      readonly kinds: readonly string[];
      readonly problems: readonly PluginProblem[];
    }
  | { readonly kind: 'sound'; readonly manifest: Manifest };

export interface Manifest {
  readonly version: string;
  readonly kinds: readonly KindManifest[];
  /** The value of `engines.automate`, unchecked. */
  readonly engines: unknown;
  /** The value of `peerDependencies["@automate/sdk"]`, unchecked. */
  readonly sdkPeer: unknown;
  readonly warnings: readonly string[];
}

const KEYWORD = 'automate-connector';

/** Reads a parsed package.json. Every fault in what concerns us is found at once; what does not concern us is not judged. */
export function parseManifest(found: NamedPackage, json: unknown): ParsedManifest {
  const problems: PluginProblem[] = [];
  const warnings: string[] = [];
  const report: Report = ({ path, expected, value, blame = 'plugin', remedy }) =>
    problems.push({ package: printable(found.name), path, expected, received: describeValue(value), blame, remedy });
  if (!isJsonObject(json)) return { kind: 'foreign' };

  const connectors = readConnectors(json, report);
  if (connectors === undefined && problems.length === 0) return { kind: 'foreign' };
  const names = Object.keys(connectors ?? {});

  checkName(found, own(json, 'name'), report);
  const version = readVersion(own(json, 'version'), report);
  const description = own(json, 'description');
  const kinds = Object.entries(connectors ?? {}).map(([kind, value]) =>
    parseKind({
      kind,
      value,
      description: typeof description === 'string' ? printable(description) : '',
      report,
      warn: (warning) => warnings.push(warning),
    }),
  );
  if (problems.length > 0) return { kind: 'faulty', version, kinds: names.map(printable), problems };
  return {
    kind: 'sound',
    manifest: {
      version: version ?? '',
      kinds: kinds.filter((kind) => kind !== undefined),
      engines: field(json, 'engines', 'automate'),
      sdkPeer: field(json, 'peerDependencies', '@automate/sdk'),
      warnings,
    },
  };
}

/** The map of kinds. `undefined` when the package has none; a fault when it looks as if it was meant to. */
function readConnectors(
  json: Readonly<Record<string, unknown>>,
  report: Report,
): Readonly<Record<string, unknown>> | undefined {
  const automate = own(json, 'automate');
  const connectors = isJsonObject(automate) ? own(automate, 'connectors') : undefined;
  const remedy = 'map each kind to its module: { "my_service": "./dist/my-service-adapter.js" }';
  if (connectors === undefined) {
    const keywords = own(json, 'keywords');
    // Other tools may use the field for themselves; the keyword tells that a connector was meant.
    if (Array.isArray(keywords) && keywords.includes(KEYWORD)) {
      report({
        path: 'automate.connectors',
        expected: `a map of kinds, as the keyword "${KEYWORD}" announces`,
        value: undefined,
        remedy,
      });
    }
    return undefined;
  }
  if (!isJsonObject(connectors) || Object.keys(connectors).length === 0) {
    report({ path: 'automate.connectors', expected: 'a map of at least one kind', value: connectors, remedy });
    return undefined;
  }
  return connectors;
}

function checkName({ name, expectedName }: NamedPackage, declared: unknown, report: Report): void {
  if (declared === expectedName) return;
  const alias =
    typeof declared === 'string'
      ? `, or ask for it under an alias: "${printable(name)}": "npm:${printable(declared)}@…"`
      : '';
  report({
    path: 'name',
    expected: `${describeValue(expectedName)}, as the package is called in node_modules`,
    value: declared,
    blame: 'operator',
    remedy: `install the package under its own name${alias}`,
  });
}

function readVersion(value: unknown, report: Report): string | undefined {
  if (typeof value === 'string' && parseRelease(value) !== undefined) return value;
  const version = typeof value === 'string' ? valid(value) : null;
  if (version !== null) return version;
  report({ path: 'version', expected: 'a version such as "1.0.0"', value, remedy: 'give the package a version' });
  return undefined;
}

function field(json: Readonly<Record<string, unknown>>, outer: string, inner: string): unknown {
  const record = own(json, outer);
  return isJsonObject(record) ? own(record, inner) : undefined;
}
