import type { ConnectorContext } from '../connector-context.ts';
import type { Agents } from './agents.ts';

/**
 * Connections as `http` makes them, for kinds whose library speaks HTTP itself: with the connector's TLS, through its proxy
 * or that of the host's environment. Whoever opens them closes them.
 */
export async function openAgents({ config, proxies, logger }: ConnectorContext): Promise<Agents> {
  const { id, tls, proxy } = config;
  // With it come the network's modules, which a connector that is only described does without.
  const { createAgents } = await import('./agents.ts');
  return createAgents({ id, tls, proxy, environment: proxies, logger });
}
