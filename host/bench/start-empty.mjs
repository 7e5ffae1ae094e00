// The empty worker of `start`, as a thread or as a process: says that it is there, and how long an import takes that it is told of.
import { parentPort } from 'node:worker_threads';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
const tell = (message) => (parentPort === null ? process.send(message) : parentPort.postMessage(message));
const onMessage = async (code) => {
  const startedAt = performance.now();
  await import(code);
  tell(performance.now() - startedAt);
};
if (parentPort === null) process.on('message', (code) => void onMessage(code));
else parentPort.on('message', (code) => void onMessage(code));
tell('there');
