import { connect } from 'node:net';
import type { NetConnectOpts } from 'node:net';

/** Which session, on which server. */
export interface CancelTarget {
  readonly address: NetConnectOpts;
  readonly processId: number;
  readonly secretKey: number;
}

const CANCEL_REQUEST = 80_877_102;

/**
 * Asks the server to cancel what a session is doing. The server does not answer: the statement itself then fails. The
 * request goes unencrypted, as servers take it before they ask for TLS; the key in it is of no use for anything else.
 * Fulfilled when the server has seen to it: it interrupts a session twice, and the second time may come late.
 */
export function cancelStatement({ address, processId, secretKey }: CancelTarget): Promise<void> {
  const request = Buffer.alloc(16);
  request.writeInt32BE(16, 0);
  request.writeInt32BE(CANCEL_REQUEST, 4);
  request.writeInt32BE(processId, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = connect({ ...address, timeout: 2000 }, () => socket.write(request));
  // The server ends it once it has seen to it. A pooler forgets what is asked by those who leave earlier.
  socket.resume();
  // Whether it arrived shows in the statement, which is waited for.
  socket.on('error', () => undefined);
  socket.on('timeout', () => socket.destroy());
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.on('close', () => resolve());
  socket.unref();
  return promise;
}
