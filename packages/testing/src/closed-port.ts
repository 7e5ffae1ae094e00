import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems hand out by themselves. */
const LOWEST = 10_000;
const HIGHEST = 32_000;

/**
 * A port of 127.0.0.1 at which nothing listens, for programs that cannot pick one, or for nobody. No connection and no
 * server on port 0 takes it meanwhile, as the system does not give out such ports by itself.
 */
export async function closedPort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const server = createServer();
    try {
      await once(server.listen(port, '127.0.0.1'), 'listening');
      await once(server.close(), 'close');
      return port;
    } catch {
      // Somebody listens there.
    }
  }
}
