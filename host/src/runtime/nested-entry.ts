import { resourceLimits } from 'node:worker_threads';
import { guardProcess } from './worker/guard-process.ts';
import { guardThreads } from './worker/guard-threads.ts';

// Begun with by each thread that a connector starts, ahead of the connector's own code. Its own threads have the room that it has.
const { codeRangeSizeMb } = resourceLimits;
guardProcess((message) => {
  throw new Error(`${message}, which is closed to threads of connectors`);
});
guardThreads(import.meta.filename, codeRangeSizeMb === undefined ? {} : { codeRangeSizeMb });
