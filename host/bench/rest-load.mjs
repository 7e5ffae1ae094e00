// The load generator of transports-rest: one message in is one run, one message out its result.
import autocannon from 'autocannon';

process.on('message', (order) => void run(order));

async function run({ url, body, connections, seconds }) {
  const before = process.cpuUsage();
  const startedAt = performance.now();
  const result = await autocannon({
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
    connections,
    duration: seconds,
  });
  const elapsed = performance.now() - startedAt;
  const { user, system } = process.cpuUsage(before);
  process.send({
    answers: result['2xx'],
    failures: result.non2xx + result.errors + result.timeouts,
    // autocannon goes on for a moment after its time; what counts is its own clock.
    ms: result.finish - result.start || elapsed,
    busy: (user + system) / 1000 / elapsed,
  });
}
