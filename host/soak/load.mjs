// The caller of the soak, in a process of its own: echoes over gRPC and REST in turn, and looks at every answer.
// A message `{ targets, perSecond, label }` begins a phase, `{ end: true }` ends it and is answered by its counts.
import { connect } from '@automate/client';

const [grpc, http] = process.argv.slice(2);
const service = await connect({ address: grpc });
const LANES = 16;
/** Later than any deadline of the host's own: an answer that has not come by then is lost. */
const LOST_MS = 45_000;

let phase;
let sequence = 0;
process.on('message', (message) => void (message.end ? end() : begin(message)));
process.on('disconnect', () => process.exit());
process.send({ ready: true });

function begin({ targets, perSecond, burst }) {
  const counts = { right: 0, wrong: 0, lost: 0, failed: 0, refused: 0, codes: {}, complaints: [] };
  phase = { counts, times: [], over: false, lanes: [] };
  const pause = perSecond === undefined ? 0 : (1000 * LANES) / perSecond;
  if (burst === undefined) phase.lanes = Array.from({ length: LANES }, () => lane(phase, targets, pause));
  else phase.lanes = Array.from({ length: burst }, () => call(phase, targets[0]));
}

async function end() {
  const { counts, times, lanes } = phase;
  phase.over = true;
  await Promise.all(lanes);
  const sorted = times.toSorted((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
  process.send({ ...counts, calls: times.length, p50: at(0.5), p99: at(0.99), longest: at(1) });
}

async function lane(current, targets, pause) {
  while (!current.over) {
    const target = targets[sequence % targets.length];
    const startedAt = performance.now();
    await call(current, target);
    const rest = pause - (performance.now() - startedAt);
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  }
}

/** @param target `{ id, mayFail }`: which codes its calls may end with */
async function call({ counts, times }, { id, mayFail = [] }) {
  sequence += 1;
  const payload = { n: sequence, text: 'x'.repeat(100) };
  const startedAt = performance.now();
  const answer = await Promise.race([
    (sequence % 2 === 0 ? overGrpc : overRest)(id, payload),
    new Promise((resolve) => setTimeout(resolve, LOST_MS, { lost: true }).unref()),
  ]);
  times.push(performance.now() - startedAt);
  if (answer.lost) {
    counts.lost += 1;
    complain(counts, `${id}: no answer within ${LOST_MS} ms`);
  } else if (answer.code !== undefined) {
    counts.codes[answer.code] = (counts.codes[answer.code] ?? 0) + 1;
    if (mayFail.includes(answer.code)) counts.refused += 1;
    else {
      counts.failed += 1;
      complain(counts, `${id}: ${answer.code} ${answer.message}`);
    }
  } else if (answer.n === payload.n && answer.text === payload.text && answer.id === id) counts.right += 1;
  else {
    counts.wrong += 1;
    complain(counts, `${id}: asked ${JSON.stringify(payload)}, was answered ${JSON.stringify(answer).slice(0, 300)}`);
  }
}

function complain({ complaints }, words) {
  if (complaints.length < 20) complaints.push(words);
}

async function overGrpc(id, payload) {
  try {
    return (await service.execute({ id, action: 'echo', payload })).result;
  } catch (error) {
    return { code: error.code ?? error.name, message: error.message };
  }
}

async function overRest(id, payload) {
  try {
    const response = await fetch(`${http}/api/v1/connectors/${id}/actions/echo`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(payload),
    });
    const body = await response.json();
    return response.ok ? body.result : { code: body.code, message: body.detail };
  } catch (error) {
    return { code: error.name, message: `${error.message}: ${error.cause?.message}` };
  }
}
