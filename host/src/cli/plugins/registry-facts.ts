import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '@automate/contract';
import { isJsonObject } from '@automate/contract';
import compare from 'semver/functions/rcompare.js';
import prerelease from 'semver/functions/prerelease.js';
import satisfies from 'semver/functions/satisfies.js';
import valid from 'semver/functions/valid.js';
import { checkCompatibility } from '../../plugins/compatibility/check-compatibility.ts';
import type { ProgramOptions } from './run-installer.ts';
import { askRegistry } from './run-installer.ts';

/** What a registry says of a version: whether its keys signed it, and whether it knows where it was built. */
export interface RegistryFacts {
  readonly signatures: number;
  readonly provenance: boolean;
}

/** Undefined where no registry tells: a tarball, a folder, or nobody answers. */
export async function findRegistryFacts(
  spec: string | undefined,
  options: ProgramOptions,
): Promise<RegistryFacts | undefined> {
  if (spec === undefined) return undefined;
  const dist = await askRegistry(spec, ['dist'], options);
  if (!isJsonObject(dist)) return undefined;
  const { signatures, attestations } = dist;
  return {
    signatures: Array.isArray(signatures) ? signatures.length : 0,
    provenance: isJsonObject(attestations) && 'provenance' in attestations,
  };
}

/** So many versions are asked about one after the other: a registry may have thousands. */
const MOST_ASKED = 10;

/**
 * The newest version of a package that works with this host, and whose peers are installed or can be; undefined where there is none,
 * or no registry tells.
 */
export async function findWorkingVersion(
  packageName: string,
  host: { readonly hostVersion: string; readonly strict: boolean },
  options: ProgramOptions,
): Promise<string | undefined> {
  const fields = ['name', 'version', 'engines', 'peerDependencies', 'peerDependenciesMeta'];
  const answer = await askRegistry(`${packageName}@>=0.0.0-0`, fields, options);
  const all = (Array.isArray(answer) ? (answer as readonly unknown[]) : [answer]).filter((each) => isJsonObject(each));
  const works = all.flatMap(({ version, engines, peerDependencies, peerDependenciesMeta }) => {
    if (typeof version !== 'string' || valid(version) === null) return [];
    const peers = isJsonObject(peerDependencies) ? peerDependencies : {};
    const verdict = checkCompatibility({
      engines: isJsonObject(engines) ? engines['automate'] : undefined,
      sdkPeer: peers['@automate/sdk'],
      ...host,
    });
    return verdict.kind === 'admitted' ? [{ version, peers: requiredPeers(peers, peerDependenciesMeta) }] : [];
  });
  const sorted = works.toSorted((a, b) => compare(a.version, b.version));
  const isFinal = ({ version }: { readonly version: string }): boolean => prerelease(version) === null;
  for (const { version, peers } of [...sorted.filter(isFinal), ...sorted.filter((each) => !isFinal(each))].slice(
    0,
    MOST_ASKED,
  )) {
    const found = await Promise.all(Object.entries(peers).map(([name, range]) => isToBeHad(name, range, options)));
    if (found.every(Boolean)) return version;
  }
  return undefined;
}

/** Without the SDK, of which the host's own range has the say. */
function requiredPeers(peers: JsonObject, meta: unknown): Readonly<Record<string, string>> {
  const isOptional = (name: string): boolean => {
    const entry = isJsonObject(meta) ? meta[name] : undefined;
    return isJsonObject(entry) && entry['optional'] === true;
  };
  return Object.fromEntries(
    Object.entries(peers).flatMap(([name, range]) =>
      name === '@automate/sdk' || typeof range !== 'string' || isOptional(name) ? [] : [[name, range]],
    ),
  );
}

/** What is installed in another version stands in the way; what is not, the package manager brings along. */
async function isToBeHad(name: string, range: string, options: ProgramOptions): Promise<boolean> {
  const installed = await versionIn(join(options.cwd, 'node_modules', name, 'package.json'));
  if (installed !== undefined) return satisfies(installed, range);
  return (await askRegistry(`${name}@${range}`, ['version'], options)) !== undefined;
}

async function versionIn(file: string): Promise<string | undefined> {
  try {
    const manifest: unknown = JSON.parse(await readFile(file, 'utf8'));
    return isJsonObject(manifest) && typeof manifest['version'] === 'string' ? manifest['version'] : undefined;
  } catch {
    return undefined; // it is not installed
  }
}
