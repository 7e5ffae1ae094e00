// Programs that call without pause, at every host alike, and remember what they were told of each call.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@automate/client';

/** How long a caller waits for an answer, in milliseconds. */
const PATIENCE_MS = 15_000;
/** How long after the disturbance a call with a key must have got a final answer, in milliseconds. */
const FINAL_WITHIN_MS = 60_000;
const AFTER_ERROR_MS = 100;
const SLOW_SHARE = 0.04;
/** Of one door, what each caller does. */
const LANES = ['keyed', 'keyed', 'unkeyed', 'read', 'keyed execution', 'execution'];
/** What a call with a key may be answered with on the way to its outcome. */
const TRIED_AGAIN = ['UNAVAILABLE', 'TIMEOUT', 'CANCELLED', 'TRANSIENT_NETWORK', 'WORKER_LOST', 'OVERLOADED'];

/** A host as its callers reach it, over gRPC and REST. */
export async function openDoor(slot, address, token, caFile) {
  const service = await connect({
    address: `grpcs://${address}:50051`,
    token,
    tls: { caFile },
    connectTimeoutMs: 30_000,
  });
  return { slot, service, http: `https://${address}:8080/api/v1`, token };
}

/**
 * @param pauseMs between two calls of each caller
 * @param onAnswer hears of each answer of a connector: id of the connector, process that it ran in, when it came
 * @param judge notes what must hold and does not
 */
export function startCallers({ connectors, random, pauseMs, onAnswer, judge }) {
  let doors = [];
  let made = 0;
  let stopped = false;
  /** Set while callers are to rest. */
  let resting;
  /** Since when which calls must be answered, and whether they are measured. */
  let calm;
  let records = [];
  let latencies = [];
  /** Of errors, by what they said. */
  const errors = new Map();
  const working = new Set();

  const pick = (list) => list[Math.floor(random() * list.length)];

  /** @param kept whether the store has to know of the call */
  const noteError = (door, error, { startedAt, asked, kept, what, isRepeated = false }) => {
    const said = `${error.code}${error.reason === undefined ? '' : ` ${error.reason}`}, effect ${error.effect}`;
    errors.set(said, (errors.get(said) ?? 0) + 1);
    const { connector, payload } = asked;
    // What an earlier try has met, at a host that was disturbed perhaps, is its outcome.
    if (isRepeated) return;
    if (calm === undefined || startedAt < calm.since || !calm.must({ slot: door.slot, connector, kept })) return;
    calm.complaints.push(
      `host ${door.slot} answered ${what} (${payload.id}, ${connector}) though ${calm.title}: ${said}: ${error.message}`,
    );
  };

  /** One call that waits. Gives the answer or the error, either of which the door has said. */
  const call = async (door, request, isOverRest, isRepeated = false) => {
    const startedAt = performance.now();
    const { connector, action, payload, key } = request;
    const said = await (isOverRest ? overRest(door, request) : overGrpc(door, request));
    const endedAt = performance.now();
    if ('error' in said) {
      const what = `${action}${key === undefined ? '' : ' with a key'} over ${isOverRest ? 'REST' : 'gRPC'}`;
      noteError(door, said.error, { startedAt, asked: request, kept: key !== undefined, what, isRepeated });
      await delay(AFTER_ERROR_MS);
      return said;
    }
    judge(said.result.id === payload.id, `${payload.id} was answered with the result of ${said.result.id}`);
    if (!said.replayed) onAnswer({ connector, pid: said.result.pid, version: said.result.version, at: endedAt });
    if (calm?.isMeasured === true && startedAt >= calm.since && payload.slow !== true)
      latencies.push(endedAt - startedAt);
    return said;
  };

  const request = (action, withKey) => {
    made += 1;
    const id = `${action}-${made}`;
    const slow = random() < SLOW_SHARE;
    return {
      ...{ connector: pick(connectors), action, payload: slow ? { id, slow } : { id } },
      ...(withKey ? { key: `key-${id}` } : {}),
    };
  };

  /** Asks again until the outcome is known, or known to be unknown, at any of the hosts. */
  const callWithKey = async (door, isOverRest) => {
    const asked = request('book', true);
    const { id } = asked.payload;
    let at = door;
    let restedAt;
    for (let tries = 1; ; tries += 1) {
      const said = await call(at, asked, isOverRest, tries > 1);
      if (!('error' in said)) return void records.push({ id, is: 'done', number: said.result.number, asked });
      const { error } = said;
      // It failed and may have taken effect: that is its outcome, which is kept.
      if (error.replayed) return void records.push({ id, is: 'maybe', asked });
      if (error.code === 'OUTCOME_UNKNOWN') return void records.push({ id, is: 'unknown', asked });
      if (resting === undefined) restedAt = undefined;
      else restedAt ??= performance.now();
      const isLate = restedAt !== undefined && performance.now() - restedAt > FINAL_WITHIN_MS;
      const isFinal = !TRIED_AGAIN.includes(error.code) && error.reason !== 'in_progress';
      judge(
        !isLate && !isFinal,
        `${id} with a key came to no outcome: ${error.code} ${error.reason}: ${error.message}`,
      );
      if (isLate || isFinal) return void records.push({ id, is: 'maybe', asked });
      at = pick(doors);
    }
  };

  const callOnce = async (door, isOverRest) => {
    const asked = request('book', false);
    const { id } = asked.payload;
    const said = await call(door, asked, isOverRest);
    if (!('error' in said)) records.push({ id, is: 'done', number: said.result.number, asked });
    else records.push({ id, is: said.error.effect === 'none' ? 'none' : 'maybe', asked });
  };

  /** Starts an execution, and starts it again by its key until that is acknowledged. */
  const start = async (door, isOverRest, withKey) => {
    const asked = request(withKey || random() < 0.7 ? 'book' : 'read', withKey);
    const { id } = asked.payload;
    let at = door;
    for (let tries = 1; ; tries += 1) {
      const startedAt = performance.now();
      const said = await (isOverRest ? startOverRest(at, asked) : startOverGrpc(at, asked));
      if ('execution' in said) return void records.push({ id, is: 'started', execution: said.execution, asked });
      noteError(at, said.error, {
        startedAt,
        asked,
        kept: true,
        what: 'the start of an execution',
        isRepeated: tries > 1,
      });
      await delay(AFTER_ERROR_MS);
      if (!withKey || tries > 300)
        return void records.push({ id, is: said.error.effect === 'none' ? 'none' : 'maybe', asked });
      at = pick(doors);
    }
  };

  const MAKERS = {
    keyed: callWithKey,
    unkeyed: callOnce,
    read: (door, isOverRest) => call(door, request('read', false), isOverRest),
    'keyed execution': (door, isOverRest) => start(door, isOverRest, true),
    execution: (door, isOverRest) => start(door, isOverRest, false),
  };

  const work = async (lane, index) => {
    for (let n = index; !stopped; n += 1) {
      if (resting !== undefined) {
        await resting.promise;
        continue;
      }
      const door = doors[index % doors.length];
      const one = MAKERS[lane](door, n % 2 === 0);
      working.add(one);
      await one.finally(() => working.delete(one));
      // Executions are taken up without waiting for them: their starts are not to outrun them.
      await delay(lane.endsWith('execution') ? pauseMs * 4 : pauseMs);
    }
  };
  resting = Promise.withResolvers();
  const lanes = [0, 1, 2].flatMap((door) => LANES.map((lane, index) => work(lane, index * 3 + door)));

  return {
    errors,
    made: () => made,
    /** Goes on, or begins, at these doors. */
    go(at) {
      doors = at;
      resting?.resolve();
      resting = undefined;
    },
    /**
     * From now on calls must be answered of which `must` says so; undefined: none need be. Gives what was not, since this was said last.
     *
     * @param title why, as in `nothing is disturbed`
     */
    expect(title, { must = () => true, isMeasured = false } = {}) {
      const complaints = calm?.complaints ?? [];
      calm = title === undefined ? undefined : { title, must, isMeasured, since: performance.now(), complaints: [] };
      return complaints;
    },
    /** Lets all that is under way come to its end. Gives what was told since this was asked for last. */
    async rest() {
      resting ??= Promise.withResolvers();
      while (working.size > 0) await Promise.all(working);
      const taken = records;
      records = [];
      return taken;
    },
    takeLatencies() {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    call,
    async close() {
      stopped = true;
      resting?.resolve();
      await Promise.all(lanes);
    },
  };
}

async function overGrpc({ service }, { connector, action, payload, key }) {
  try {
    const asked = { id: connector, action, payload, ...(key === undefined ? {} : { idempotencyKey: key }) };
    const { result, replayed = false } = await service.execute(asked, { timeoutMs: PATIENCE_MS });
    return { result, replayed };
  } catch (error) {
    return { error: errorOf(error) };
  }
}

async function startOverGrpc({ service }, { connector, action, payload, key }) {
  try {
    const asked = { id: connector, action, payload, ...(key === undefined ? {} : { idempotencyKey: key }) };
    return { execution: (await service.startExecution(asked, { timeoutMs: PATIENCE_MS })).id };
  } catch (error) {
    return { error: errorOf(error) };
  }
}

async function overRest(door, request) {
  const { error, body } = await post(door, request, {}, 200);
  return error === undefined ? { result: body.result, replayed: body.replayed === true } : { error };
}

async function startOverRest(door, request) {
  const { error, body } = await post(door, request, { prefer: 'respond-async' }, 202);
  return error === undefined ? { execution: body.id } : { error };
}

async function post({ http, token }, { connector, action, payload, key }, headers, wanted) {
  try {
    const answer = await fetch(`${http}/connectors/${connector}/actions/${action}`, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json', ...headers },
        ...(key === undefined ? {} : { 'idempotency-key': key }),
      },
      body: JSON.stringify(payload),
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    const body = await answer.json();
    if (answer.status === wanted) return { body };
    const { code, effect, detail, details, reason } = body;
    const replayed = details?.replayed === true;
    return {
      error: { code, effect, replayed, reason: reason ?? details?.reason, message: detail ?? JSON.stringify(body) },
    };
  } catch (error) {
    // The connection broke, or nobody answered: what became of it is not known, unless there was none.
    const isRefused = ['ECONNREFUSED', 'EHOSTUNREACH'].includes(error.cause?.code);
    return {
      error: {
        code: 'UNAVAILABLE',
        effect: isRefused ? 'none' : 'maybe',
        reason: 'no_answer',
        message: `${error.message}: ${error.cause?.message}`,
      },
    };
  }
}

function errorOf({ code, effect, details, message }) {
  return { code, effect, replayed: details?.replayed === true, reason: details?.reason, message };
}
