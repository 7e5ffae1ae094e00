import type { ConnectorDescription, PluginReport } from '@automate/contract';
import { NotFoundError } from '@automate/contract';
import type { Descriptions } from './descriptions.ts';
import type { Registry } from './registry.ts';

export interface DescribeKindOptions {
  readonly registry: Registry;
  readonly descriptions: Pick<Descriptions, 'describeKind'>;
  /** The report of the last scan. */
  plugins(): PluginReport;
}

/** What connectors of a kind can do. Throws NOT_FOUND where no such kind can be used, with what is known of why. */
export async function describeKind(
  { registry, descriptions, plugins }: DescribeKindOptions,
  name: string,
): Promise<ConnectorDescription> {
  const { kinds } = registry.sources;
  const kind = kinds.find(name);
  if (kind !== undefined) return descriptions.describeKind(kind);
  const refused = plugins().plugins.find((plugin) => plugin.kinds.includes(name));
  // Nobody but the caller can know what was meant by a name that no package declares.
  const blame = refused === undefined ? 'caller' : (refused.problems[0]?.blame ?? 'operator');
  throw new NotFoundError(kinds.explainMissing(name), { blame, details: { reason: 'unknown_kind' } });
}
