import { pathToFileURL } from 'node:url';
import { scanJson } from '@automate/contract/json-text';
import type { Declaration, KindManifest } from './declaration.ts';
import { hashManifest } from './hash-manifest.ts';
import type { Fault } from './fault.ts';
import { printable } from './fault.ts';
import type { PackageDir } from './package-dir.ts';
import { parseJson } from './parse-json.ts';
import type { Manifest, ParsedManifest } from './parse-manifest.ts';
import { parseManifest } from './parse-manifest.ts';
import { resolveEntry, resolveInside } from './resolve-entry.ts';

/** A package that was looked at closely. */
export type ReadConnector =
  /** Not about connectors after all, or not fit to be one. */
  | Exclude<ParsedManifest, { readonly kind: 'sound' }>
  | {
      readonly kind: 'sound';
      readonly version: string;
      readonly declarations: readonly Declaration[];
      /** Unchecked values from which the host range is taken. */
      readonly engines: unknown;
      readonly sdkPeer: unknown;
      readonly warnings: readonly string[];
    };

/** Reads a found package's manifest and finds the files it names. Looks at files, never runs them. */
export function readConnector(found: PackageDir): ReadConnector {
  if (found.manifest.kind === 'unreadable') return faulty(found, [found.manifest.fault]);
  const { text } = found.manifest;
  const json = parseJson(text);
  if (!json.ok) {
    return faulty(found, [
      {
        path: 'package.json',
        expected: json.expected,
        received: json.received,
        blame: 'operator',
        remedy: 'install the package again; if that does not help, tell its author',
      },
    ]);
  }
  const parsed = parseManifest(found, json.value);
  if (parsed.kind !== 'sound') return parsed;
  return locateFiles(found, { ...parsed.manifest, hash: hashManifest(text) }, duplicateKeys(text, parsed.manifest));
}

function locateFiles(
  found: PackageDir,
  manifest: Manifest & { readonly hash: string },
  faults: Fault[],
): ReadConnector {
  const warnings = [...manifest.warnings];
  const declarations: Declaration[] = [];
  for (const kind of manifest.kinds) {
    const entry = resolveEntry({ packageDir: found.realDir, entry: kind.entry, path: kind.entryPath });
    const icon = locateIcon(found, kind, { faults, warnings });
    if (!entry.ok) {
      faults.push(entry.fault);
      continue;
    }
    declarations.push({
      kind: kind.kind,
      packageName: found.name,
      packageVersion: manifest.version,
      packageDir: found.realDir,
      manifestHash: manifest.hash,
      entryPath: entry.path,
      entryUrl: pathToFileURL(entry.path).href,
      type: kind.type,
      title: kind.title,
      description: kind.description,
      ...(kind.scheme === undefined ? {} : { scheme: kind.scheme }),
      ...(icon === undefined ? {} : { icon }),
      autoconfigure: kind.autoconfigure,
      permissions: kind.permissions,
      ...(kind.recommendedIsolation === undefined ? {} : { recommendedIsolation: kind.recommendedIsolation }),
      warnings,
    });
  }
  const { version, engines, sdkPeer } = manifest;
  if (faults.length > 0) return { ...faulty(found, faults), version, kinds: manifest.kinds.map(({ kind }) => kind) };
  return { kind: 'sound', version, declarations, engines, sdkPeer, warnings };
}

/** A missing icon is only a warning. An icon outside of the package is a fault. */
function locateIcon(
  found: PackageDir,
  kind: KindManifest,
  { faults, warnings }: { faults: Fault[]; warnings: string[] },
): string | undefined {
  if (kind.icon === undefined) return undefined;
  const path = `automate.connectors.${kind.kind}.icon`;
  const icon = resolveInside({ packageDir: found.realDir, entry: kind.icon, path });
  if (icon.ok) return icon.path;
  if (icon.missing) warnings.push(`${path} names a file that is not there`);
  else faults.push(icon.fault);
  return undefined;
}

/** Keys that stand twice below `automate`: `JSON.parse` would keep the last one and drop a kind without a word. */
function duplicateKeys(text: string, { kinds }: Manifest): Fault[] {
  // Reading the text again costs more than all the rest, so that it is done only where a name does stand twice somewhere.
  const names = ['connectors', ...kinds.map(({ kind }) => kind)];
  if (!names.some((name) => standsTwice(text, `"${name}"`))) return [];
  const scan = scanJson(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  if (!scan.ok) return [];
  return scan.findings
    .filter(({ kind, path }) => kind === 'duplicate-key' && path[0] === 'automate')
    .map(({ path }) => ({
      path: printable(path.join('.')),
      expected: 'each name once',
      received: 'the name twice',
      blame: 'plugin',
      remedy: 'remove or rename one of them',
    }));
}

function standsTwice(text: string, word: string): boolean {
  return text.includes(word, text.indexOf(word) + 1);
}

function faulty(found: PackageDir, faults: readonly Fault[]): Extract<ReadConnector, { kind: 'faulty' }> {
  return { kind: 'faulty', kinds: [], problems: faults.map((fault) => ({ package: printable(found.name), ...fault })) };
}
