// The load generator of transports-grpc: gRPC's framing straight on node:http2, with one prepared message, so that it costs less
// than any server. One message in is one run, one message out its result.
import { connect } from 'node:http2';

const sessions = new Map();

process.on('message', (order) => void (order.steady === undefined ? run(order) : runSteady(order)));
process.on('disconnect', () => process.exit());

async function run({ address, path, message, inFlight, seconds, authorization }) {
  const session = sessionTo(address);
  const body = frame(Buffer.from(message, 'base64'));
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const until = startedAt + seconds * 1000;
  const counts = { answers: 0, failures: 0, bytes: 0 };
  await Promise.all(
    Array.from({ length: inFlight }, () => callUntil(until, { session, path, body, counts, authorization })),
  );
  const ms = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  process.send({ ...counts, ms, busy: (user + system) / 1000 / ms });
}

async function callUntil(until, { session, path, body, counts, authorization }) {
  const headers = { ...headersOf(path), ...(authorization === undefined ? {} : { authorization }) };
  while (performance.now() < until) {
    if (await call(session, headers, body, counts)) counts.answers++;
    else counts.failures++;
  }
}

/** So many calls a second, to each address and of each message in turn, however long the ones before take; and how long each took. */
async function runSteady({ path, steady: { addresses, messages, rate }, seconds }) {
  const bodies = messages.map((message) => frame(Buffer.from(message, 'base64')));
  const counts = { answers: 0, failures: 0, bytes: 0 };
  const latencies = [];
  const headers = headersOf(path);
  const startedAt = performance.now();
  await Promise.all(
    Array.from({ length: rate * seconds }, async (_, index) => {
      const due = startedAt + (index * 1000) / rate;
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, due - performance.now())));
      // Each message goes to each address.
      const address = addresses[(index + Math.floor(index / messages.length)) % addresses.length];
      const sentAt = performance.now();
      const isAnswered = await call(sessionTo(address), headers, bodies[index % bodies.length], counts);
      if (isAnswered) latencies.push(performance.now() - sentAt);
      else counts.failures++;
    }),
  );
  process.send({ ...counts, latencies });
}

function sessionTo(address) {
  const session =
    sessions.get(address) ?? connect(`http://${address}`, { settings: { initialWindowSize: 4 * 1024 * 1024 } });
  sessions.set(address, session);
  return session;
}

function headersOf(path) {
  return { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
}

/** One call; true when it ended with status 0. */
function call(session, headers, body, counts) {
  return new Promise((resolve) => {
    const stream = session.request(headers);
    let status;
    const note = (headers) => {
      status = headers['grpc-status'] ?? status;
      if (status !== undefined && status !== '0') counts.said ??= headers['grpc-message'];
    };
    // A failed call has headers alone.
    stream.on('response', note).on('trailers', note);
    stream.on('data', (chunk) => (counts.bytes += chunk.length));
    stream.on('close', () => resolve(status === '0'));
    stream.on('error', () => resolve(false));
    stream.end(body);
  });
}

function frame(message) {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
