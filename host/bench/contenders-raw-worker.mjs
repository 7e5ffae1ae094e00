// The bare round trip over a MessagePort: what crossing a thread costs at the very least.
import { workerData } from 'node:worker_threads';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has no origin
workerData.port.on('message', (text) => workerData.port.postMessage(text));
