// The remote system, as strict as a real one: what it is asked for twice it does twice, and it knows of each request which process sent it
// for which connector, and when.
import { once } from 'node:events';
import { createServer } from 'node:http';

const SLOW_MS = [300, 1_500];
const USUAL_MS = [5, 25];

export async function startRemote(address) {
  /** By what was booked, how often; and the number that the last booking had. */
  const booked = new Map();
  /** What came for connectors, in order. */
  let came = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url, 'http://remote');
    const [, action, connector, id] = pathname.split('/');
    const pid = Number(searchParams.get('pid'));
    came.push({ connector, id, pid, sentAt: Number(searchParams.get('at')), cameAt: now() });
    if (action === 'book') {
      const before = booked.get(id);
      booked.set(id, { times: (before?.times ?? 0) + 1, number: booked.size });
    }
    const [least, most] = searchParams.has('slow') ? SLOW_MS : USUAL_MS;
    const answer = { id, pid, version: searchParams.get('version'), number: booked.get(id)?.number ?? 0 };
    const send = () => response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    setTimeout(send, least + Math.random() * (most - least));
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    port: server.address().port,
    times: (id) => booked.get(id)?.times ?? 0,
    numberOf: (id) => booked.get(id)?.number,
    bookings: () => booked,
    /** What came since this was asked for last. */
    takeCame() {
      const taken = came;
      came = [];
      return taken;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Milliseconds since 1970, with parts of them. */
function now() {
  return performance.timeOrigin + performance.now();
}
