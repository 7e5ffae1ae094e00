import { isJsonObject } from '@automate/contract';
import compare from 'semver/functions/rcompare.js';
import prerelease from 'semver/functions/prerelease.js';
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

/** The newest version of a package that works with this host; undefined where there is none, or no registry tells. */
export async function findWorkingVersion(
  packageName: string,
  host: { readonly hostVersion: string; readonly strict: boolean },
  options: ProgramOptions,
): Promise<string | undefined> {
  const fields = ['name', 'version', 'engines', 'peerDependencies'];
  const answer = await askRegistry(`${packageName}@>=0.0.0-0`, fields, options);
  const all = (Array.isArray(answer) ? (answer as readonly unknown[]) : [answer]).filter((each) => isJsonObject(each));
  const works = all.flatMap(({ version, engines, peerDependencies }) => {
    if (typeof version !== 'string' || valid(version) === null) return [];
    const verdict = checkCompatibility({
      engines: isJsonObject(engines) ? engines['automate'] : undefined,
      sdkPeer: isJsonObject(peerDependencies) ? peerDependencies['@automate/sdk'] : undefined,
      ...host,
    });
    return verdict.kind === 'admitted' ? [version] : [];
  });
  const sorted = works.toSorted(compare);
  return sorted.find((version) => prerelease(version) === null) ?? sorted[0];
}
