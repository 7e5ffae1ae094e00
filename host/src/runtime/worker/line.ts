import type { MessagePort } from 'node:worker_threads';
import { receiveMessageOnPort } from 'node:worker_threads';
import type { Batch, OpenBatch } from '../messages.ts';

/** The worker's end of what joins it to the host. What differs between a thread and a process is behind it. */
export interface Line {
  post(batch: OpenBatch): void;
  /** Gives each batch that comes from now on. */
  listen(take: (batch: Batch) => void): void;
  /** Sees to it that what was posted leaves, even if this body has to wait for the host: it is about to end. */
  flush(): void;
  /** The next batch that has come and was not given yet, without waiting for its turn. */
  receive(): Batch | undefined;
}

/** A line within one process. */
export function createPortLine(port: MessagePort): Line {
  // Bound now: a connector that replaces the prototype's method later does not stand between us and the host.
  const post = port.postMessage.bind(port);
  return {
    post: (batch) => post(batch),
    flush() {
      // A port has taken what was posted; it is delivered also when this thread ends at once.
    },
    listen: (take) => void port.on('message', take),
    receive: () => receiveMessageOnPort(port)?.message as Batch | undefined,
  };
}
