import { quote, UnavailableError } from '@automate/contract';
import type { HostRow, PluginSet } from '../store/placement-store.ts';

/** What a connector asks for of a host that is to run it. */
export interface Wanted {
  readonly labels: readonly string[];
  /** Undefined of a connector that there is not. */
  readonly kind: string | undefined;
}

export function hasLabels(host: Pick<HostRow, 'labels'>, wanted: readonly string[]): boolean {
  return wanted.every((label) => host.labels.includes(label));
}

/** Of a host that does not say what it can run, that is found out by asking it. */
export function hasKind(set: PluginSet | undefined, kind: string | undefined): boolean {
  return set === undefined || kind === undefined || set.kinds.includes(kind);
}

export function noHostFits(connector: string, { labels, kind = '' }: Wanted): UnavailableError {
  const some = labels.length > 0;
  const wants = `the kind ${quote(kind)}${some ? ` and the labels ${labels.join(', ')}` : ''}`;
  const remedy = some ? `with HOST_LABELS=${labels.join(',')}, or correct its placement` : 'that has it installed';
  return new UnavailableError(
    `the connector "${connector}" asks for a host with ${wants}, and none lives: start one ${remedy}`,
    { connector, blame: 'operator', effect: 'none', details: { reason: 'no_host' } },
  );
}
