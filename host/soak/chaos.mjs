// What disturbs the soak: one connector after another, one thing at a time, until it is told to stop.
import { setTimeout as delay } from 'node:timers/promises';

/** How a rough call may end, by what it does. */
const ENDS = {
  crash: ['WORKER_LOST'],
  reject: ['WORKER_LOST'],
  hang: ['TIMEOUT'],
  ignore: ['TIMEOUT'],
  flood: [undefined, 'TIMEOUT'],
  leak: ['WORKER_LOST', 'TIMEOUT'],
};
/** While it is being replaced or held back. */
const HELD = ['UNAVAILABLE', 'WORKER_LOST'];

/**
 * @param rough ids of the connectors that misbehave
 * @param guest the configuration of one that comes and goes
 * @param restMs between two of them
 */
export function startChaos({ service, host, rough, guest, restMs }) {
  const done = {};
  const complaints = [];
  let running = true;
  let minor = 0;
  const count = (what) => (done[what] = (done[what] ?? 0) + 1);
  const misbehave = async (id, action) => {
    const code = await service.execute({ id, action, payload: {} }).then(
      () => undefined,
      (error) => error.code ?? error.name,
    );
    if (![...ENDS[action], ...HELD].includes(code)) complaints.push(`${id} ${action} ended with ${code}`);
    // What was held back never began.
    if (code !== 'UNAVAILABLE') count(action);
  };
  const steps = [
    ...Object.keys(ENDS).map((action, index) => () => misbehave(rough[index % rough.length], action)),
    async () => {
      host.upgrade(`1.${(minor += 1)}.0`);
      const { plugins } = await service.rescanPlugins();
      const found = plugins.find((plugin) => plugin.package === 'connector-upgraded');
      if (found?.version !== `1.${minor}.0` || found.status !== 'admitted')
        complaints.push(`upgrade to 1.${minor}.0: ${found?.version} ${found?.status} ${found?.message ?? ''}`);
      count('upgrade');
    },
    async () => {
      await service.remove(guest.id);
      await delay(restMs / 4);
      await service.register(guest);
      count('remove and register');
    },
  ];
  const loop = (async () => {
    for (let n = 0; running; n += 1) {
      // Another connector each time that a step comes around.
      if (n % steps.length === 0) rough.push(rough.shift());
      try {
        await steps[n % steps.length]();
      } catch (error) {
        complaints.push(`a disturbance failed: ${error.stack}`);
      }
      await delay(restMs);
    }
  })();
  return {
    async stop() {
      running = false;
      await loop;
      return { done, complaints };
    },
  };
}
