import type { ConnectorCounts, ConnectorInfo } from '@automate/contract';

export function countConnectors(infos: readonly ConnectorInfo[]): ConnectorCounts {
  const count = (applies: (info: ConnectorInfo) => boolean): number => infos.filter(applies).length;
  return {
    total: infos.length,
    healthy: count(({ status }) => status === 'healthy'),
    unhealthy: count(({ status }) => status === 'unhealthy'),
    unavailable: count(({ status }) => status === 'unavailable'),
    unknown: count(({ status }) => status === 'unknown'),
    paused: count(({ pausedSince }) => pausedSince !== undefined),
    heldBack: count(({ heldBack }) => heldBack !== undefined),
  };
}
