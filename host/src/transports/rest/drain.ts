import type { Server } from 'node:http';
import type { Socket } from 'node:net';

export interface DrainOptions {
  /** How long requests under way may take to end, in milliseconds. */
  readonly drainMs: number;
  /** Ends when the server has let go of its last connection. */
  close(): Promise<void>;
}

/** How often connections that have become idle are looked for, in milliseconds. */
const SWEEP_MS = 50;

/**
 * Prepares a server for its end. What comes back closes it: connections that nothing is done on at once, those under way
 * when they have been answered, what is left then after `drainMs`.
 */
export function prepareDrain(server: Server): (options: DrainOptions) => Promise<void> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return async ({ drainMs, close }) => {
    // Node counts a connection that has never sent anything as busy,
    for (const socket of sockets) {
      if (socket.bytesRead === 0) socket.destroy();
    }
    // and does not look again at those that become idle later.
    const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS);
    const deadline = setTimeout(() => server.closeAllConnections(), drainMs);
    try {
      await close();
    } finally {
      clearInterval(sweep);
      clearTimeout(deadline);
    }
  };
}
