import type { CallOptions, ConnectorDescription, ConnectorService } from '@automate/contract';
import { ConnectorError } from '@automate/contract';

/** A connector and what its kind can do. */
export interface DescribedConnector {
  readonly id: string;
  readonly description: ConnectorDescription;
}

export interface Described {
  readonly connectors: readonly DescribedConnector[];
  /** Why others cannot be described, a sentence each. */
  readonly left: readonly string[];
}

/** All connectors that the caller may see, in order of id. One that cannot be described keeps none of the others. */
export async function describeAll(service: ConnectorService, call: CallOptions): Promise<Described> {
  const connectors: DescribedConnector[] = [];
  const left: string[] = [];
  for (const { id } of await service.list({}, call)) {
    try {
      connectors.push({ id, description: await service.describe(id, call) });
    } catch (reason) {
      const error = ConnectorError.from(reason);
      if (error.code === 'CANCELLED') throw error;
      left.push(`"${id}" is left out: ${error.message}`);
    }
  }
  return { connectors, left };
}
