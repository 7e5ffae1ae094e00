import type { PluginEntry, PluginReport } from '@automate/contract';
import type { PackageSource } from '../plugins/snapshots/snapshots.ts';
import type { Registry } from './registry.ts';

/** The report with those packages marked of which a connector goes on with an earlier version. */
export function reportHeldBack(report: PluginReport, registry: Registry): PluginReport {
  const reasons = new Map<string, string[]>();
  for (const { id, state, heldBack } of registry.all()) {
    if (heldBack === undefined || state.phase !== 'usable' || state.kind.source.via !== 'package') continue;
    const current = registry.sources.kinds.find(state.kind.name);
    if (current === state.kind || current?.source.via !== 'package') continue;
    const { packageName } = current.source;
    const reason = `connector "${id}" goes on with ${whatStays(state.kind.source, current.source)}: ${heldBack}`;
    reasons.set(packageName, [...(reasons.get(packageName) ?? []), reason]);
  }
  const mark = (plugin: PluginEntry): PluginEntry => {
    const held = reasons.get(plugin.package);
    return held === undefined || plugin.status !== 'admitted'
      ? plugin
      : { ...plugin, status: 'held_back', message: held.join('; ') };
  };
  return { ...report, plugins: report.plugins.map(mark) };
}

function whatStays(before: PackageSource, current: PackageSource): string {
  const { packageVersion, manifestHash, build } = before;
  if (packageVersion !== current.packageVersion) return `version ${packageVersion}`;
  return manifestHash === current.manifestHash && build === current.build
    ? 'the grants and the isolation that it had'
    : `an earlier build of version ${packageVersion}`;
}
