import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { openFrontDoor } from '../../src/transports/front-door.ts';

const hex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
/** In `/proc/net/tcp`: the timer that goes is the one by which the kernel asks the other end whether it is there. */
const KEEPALIVE = '02';

/** The timer of a connection, as the kernel tells it. */
async function timerOf({ localPort = 0, remotePort = 0 }: Socket): Promise<string | undefined> {
  const rows = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
  const row = rows.find(
    ([, local, remote]) => local?.endsWith(`:${hex(localPort)}`) && remote?.endsWith(`:${hex(remotePort)}`),
  );
  return row?.[5]?.split(':')[0];
}

// Elsewhere the kernel has no such table.
(process.platform === 'linux' ? it : it.skip)(
  'a caller that was cut off without a word is found out by the kernel',
  async () => {
    const served: Socket[] = [];
    const door = await openFrontDoor({
      door: 'gRPC',
      place: { host: '127.0.0.1', port: 0 },
      warn: () => undefined,
      serve: (socket) => served.push(socket as Socket),
    });
    const caller = connect({ host: '127.0.0.1', port: door.port });
    try {
      await once(caller, 'connect');
      caller.write('PRI');
      await eventually(() => served.length > 0);
      const [socket] = served;
      if (socket === undefined) throw new Error('nobody came');
      await eventually(async () => (await timerOf(socket)) === KEEPALIVE);
      expect(await timerOf(caller)).toBe('00');
    } finally {
      caller.destroy();
      for (const socket of served) socket.destroy();
      await door.close();
    }
  },
);
