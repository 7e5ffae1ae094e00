// What each process of the benchmark of executions does when it is told to: `add` starts one.
import { setTimeout as delay } from 'node:timers/promises';

/** Answers the messages of the benchmark; ends with it. */
export function answerLoad(add, more = {}) {
  const jobs = {
    async burst({ count, inFlight }) {
      let left = count;
      const caller = async () => {
        while (left > 0) {
          left -= 1;
          await add();
        }
      };
      await Promise.all(Array.from({ length: inFlight }, caller));
    },
    async paced({ count, everyMs }) {
      const under = [];
      for (let index = 0; index < count; index += 1) {
        under.push(add());
        await delay(everyMs);
      }
      await Promise.all(under);
    },
    ...more,
  };
  const answer = async (message) => process.send({ value: await jobs[message.op](message) });
  process.on('message', (message) => void answer(message));
  process.on('disconnect', () => process.exit());
  process.send('ready');
}
