// The bare round trip over a MessagePort: what crossing a thread costs at the very least.
import { workerData } from 'node:worker_threads';

workerData.port.on('message', (text) => workerData.port.postMessage(text));
