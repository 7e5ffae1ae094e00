import { describePermissions } from '../../boot-report.ts';
import { hashPackage } from '../../plugins/lock/hash-package.ts';
import type { PackageChange } from './plugin-changes.ts';
import type { RegistryFacts } from './registry-facts.ts';
import { readHostRangeOf } from './read-host-range-of.ts';

const MARKS = { writes: '!!', breaking: '! ', other: '  ' } as const;

/** One package of a plan, as people read it before they say yes. */
export function formatChange(
  change: PackageChange,
  { hostVersion, registry }: { readonly hostVersion: string; readonly registry: RegistryFacts | undefined },
): string {
  const { entry, from, to } = change;
  if (entry === undefined || to === undefined) return `- ${change.package} ${from ?? ''} goes`;
  const { files, bytes } = hashPackage(entry.path);
  const row = (title: string, words: string): string => `    ${title.padEnd(12)}${words}`;
  return [
    `+ ${change.package} ${to}${from === undefined ? '' : from === to ? ' (another build)' : ` (was ${from})`}`,
    row('kinds', entry.kinds.join(', ')),
    row('hosts', `${readHostRangeOf(entry.path) ?? 'does not say which'}, this one is ${hostVersion}`),
    row('asks for', entry.permissions.length === 0 ? 'nothing' : describePermissions(entry.permissions)),
    row('size', `${formatBytes(bytes)} in ${files} ${files === 1 ? 'file' : 'files'}`),
    row('registry', describeRegistry(registry)),
    ...entry.warnings.map((warning) => row('warning', warning)),
    ...change.changes.map(({ weight, message }, index) =>
      row(index === 0 ? 'changes' : '', `${MARKS[weight]} ${message}`),
    ),
  ].join('\n');
}

function describeRegistry(registry: RegistryFacts | undefined): string {
  if (registry === undefined) return 'tells nothing of it';
  const { signatures, provenance } = registry;
  const signed = signatures === 0 ? 'not signed' : `signed by ${signatures} of its keys`;
  return `${signed}, ${provenance ? 'says where it was built' : 'does not say where it was built'}`;
}

function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  const kib = bytes / 1024;
  return kib < 1024 ? `${kib.toFixed(1)} KiB` : `${(kib / 1024).toFixed(1)} MiB`;
}
