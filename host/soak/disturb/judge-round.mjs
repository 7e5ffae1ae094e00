// Whether what callers were told is what the remote system saw.
import { setTimeout as delay } from 'node:timers/promises';

/** How long after a round an execution may take to end, in milliseconds. */
const ENDED_WITHIN_MS = 90_000;
const SAMPLES = 20;
/** What is sent by a host and what is taken by another have one clock; a packet takes its time. */
const ON_ITS_WAY_MS = 100;

/** What was told of each booking, over all rounds, and what must be so of it. */
export class Ledger {
  /** By what was to be booked: `done`, `none`, `maybe` or `unknown`. */
  #told = new Map();
  /** By id of the execution, how it ended. */
  #ended = new Map();
  counted = {
    calls: 0,
    keyed: 0,
    unknown: 0,
    again: 0,
    executions: 0,
    'executions unknown': 0,
    'executions failed': 0,
  };

  constructor({ remote, judge, random, errors }) {
    Object.assign(this, { remote, judge, random, errors });
  }

  /** The callers rest: what they were told is compared, and some of it asked for again. */
  async judgeRecords(records, { doors, call }) {
    const executions = records.filter(({ is }) => is === 'started');
    await this.#judgeExecutions(executions, doors);
    for (const { id, is, number, asked } of records) {
      if (is === 'started' || asked.action !== 'book') continue;
      this.counted.calls += 1;
      if (asked.key !== undefined) this.counted.keyed += 1;
      if (is === 'unknown') this.counted.unknown += 1;
      this.#note(id, is, number);
    }
    const kept = records.filter(({ is, asked }) => asked.key !== undefined && (is === 'done' || is === 'unknown'));
    for (const { id, is, number, asked } of this.#some(kept)) {
      const said = await call(this.#one(doors), asked, this.random() < 0.5);
      this.counted.again += 1;
      if (is === 'unknown')
        this.judge(said.error?.code === 'OUTCOME_UNKNOWN', `${id} was unknown, and is ${JSON.stringify(said)}`);
      else
        this.judge(
          said.replayed === true && said.result?.number === number,
          `${id} was answered ${number} before, and now ${JSON.stringify(said)}`,
        );
    }
  }

  /** Everything once more, at the end: nothing came late, and no end has changed. */
  async judgeAll({ doors }) {
    for (const [id, { is, number }] of this.#told) this.#compare(id, is, number);
    for (const [id, { times }] of this.remote.bookings()) this.judge(times === 1, `${id} was booked ${times} times`);
    for (const [id, before] of this.#some([...this.#ended], 300)) {
      const now = await look(this.#one(doors), id);
      this.judge(now.status === before, `the execution ${id} was ${before} and is ${now.status}`);
    }
  }

  async #judgeExecutions(started, doors) {
    const deadline = performance.now() + ENDED_WITHIN_MS;
    for (const { id, execution, asked } of started) {
      let now = await look(this.#one(doors), execution);
      while (['queued', 'running'].includes(now.status) && performance.now() < deadline) {
        await delay(200);
        now = await look(this.#one(doors), execution);
      }
      const { status, result, error } = now;
      this.counted.executions += 1;
      const before = this.#ended.get(execution);
      this.judge(
        before === undefined || before === status,
        `the execution ${execution} was ${before} and is ${status}`,
      );
      this.#ended.set(execution, status);
      const why =
        error === undefined ? '' : `: ${error.code} ${error.details?.reason}, effect ${error.effect}: ${error.message}`;
      this.judge(
        ['succeeded', 'unknown', 'failed'].includes(status),
        `the execution ${execution} of ${asked.connector} is ${status}${why}`,
      );
      // Where nothing was done it is to be done later.
      this.judge(status !== 'failed' || error.effect !== 'none', `the execution ${execution} of ${id} failed${why}`);
      if (status === 'unknown') this.counted['executions unknown'] += 1;
      if (status === 'failed') {
        this.counted['executions failed'] += 1;
        const said = `of executions: ${error.code} ${error.details?.reason}, effect ${error.effect}${asked.key === undefined ? '' : ', with a key'}`;
        this.errors.set(said, (this.errors.get(said) ?? 0) + 1);
      }
      if (asked.action !== 'book') {
        this.judge(status === 'succeeded', `the execution ${execution} may be made twice, and is ${status}${why}`);
        continue;
      }
      if (status === 'succeeded') this.#note(id, 'done', result.number);
      else this.#note(id, status === 'failed' && error.effect === 'none' ? 'none' : 'unknown');
    }
  }

  #note(id, is, number) {
    this.#told.set(id, { is, number });
    this.#compare(id, is, number);
  }

  #compare(id, is, number) {
    const times = this.remote.times(id);
    this.judge(times <= 1, `${id} was booked ${times} times`);
    if (is === 'done') {
      this.judge(times === 1, `${id} was answered and booked ${times} times`);
      this.judge(
        this.remote.numberOf(id) === number,
        `${id} was answered ${number} and booked as ${this.remote.numberOf(id)}`,
      );
    }
    this.judge(is !== 'none' || times === 0, `of ${id} it was said that nothing was done, and it was booked`);
  }

  #one(list) {
    return list[Math.floor(this.random() * list.length)];
  }

  #some(list, most = SAMPLES) {
    return Array.from({ length: Math.min(most, list.length) }, () => this.#one(list));
  }
}

async function look({ service }, id) {
  try {
    return await service.getExecution(id, { timeoutMs: 10_000 });
  } catch (error) {
    return { status: `not to be seen (${error.code} ${error.details?.reason}: ${error.message})` };
  }
}

/**
 * Whether whoever sent something for a connector that one host runs was the one that held it then. Gives how many requests came to the
 * remote system after another host had taken their connector: they were on their way.
 *
 * @param taken who took what when, in order of time
 * @param slotOf which host a process is
 */
export function judgePlacement({ came, taken, slotOf, judge, print }) {
  const byConnector = Map.groupBy(taken, ({ connector }) => connector);
  let late = 0;
  for (const { connector, id, pid, sentAt, cameAt } of came) {
    const takes = byConnector.get(connector);
    if (takes === undefined) continue;
    const slot = slotOf(pid);
    const at = (time) => takes.findLast((take) => take.at <= time && take.slot !== undefined)?.slot;
    judge(
      at(sentAt) === slot,
      `host ${slot} sent ${id} for ${connector} while host ${at(sentAt)} held it, which took it ${Math.round(sentAt - (takes.findLast((take) => take.at <= sentAt)?.at ?? 0))} ms before`,
    );
    const lost = takes.find((take) => take.at > sentAt && take.slot !== undefined && take.slot !== slot);
    if (lost === undefined || cameAt - ON_ITS_WAY_MS < lost.at) continue;
    late += 1;
    print(
      `        ${id} came ${Math.round(cameAt - sentAt)} ms after host ${slot} had sent it, which had lost ${connector} ${Math.round(cameAt - lost.at)} ms before`,
    );
  }
  return late;
}
