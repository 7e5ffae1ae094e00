import { getEnvironmentData, resourceLimits } from 'node:worker_threads';
import { guardProcess } from './worker/guard-process.ts';
import { guardThreads } from './worker/guard-threads.ts';
import type { NetworkData } from './worker/network/guard-network.ts';
import { guardNetwork, NETWORK_DATA } from './worker/network/guard-network.ts';

// Begun with by each thread that a connector starts, ahead of the connector's own code. Its own threads have the room that it has.
const { codeRangeSizeMb } = resourceLimits;
guardProcess((message) => {
  throw new Error(`${message}, which is closed to threads of connectors`);
});
const network = getEnvironmentData(NETWORK_DATA) as NetworkData | undefined;
if (network !== undefined)
  guardNetwork({ id: network.id, network: network.policy }, { warn: (message) => console.warn(message) })?.setRoots(
    network.roots,
  );
guardThreads(import.meta.filename, codeRangeSizeMb === undefined ? {} : { codeRangeSizeMb });
