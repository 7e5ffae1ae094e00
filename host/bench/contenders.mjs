// Ways to have a payload echoed by another thread. Each is `{ name, open() }`, and `open()` gives `{ call({ text, value }),
// close() }`. A call takes the payload in the form that is natural to it, so that none pays for a conversion: the pools and
// comlink clone the value, which is what their users hand them; ping-pong and our text path pass the JSON text.
import { MessageChannel, Worker } from 'node:worker_threads';
import { fileURLToPath } from 'node:url';
import { wrap } from 'comlink';
import nodeEndpoint from 'comlink/dist/esm/node-adapter.mjs';
import { Piscina } from 'piscina';
import { Tinypool } from 'tinypool';
import workerpool from 'workerpool';

const fileOf = (name) => new URL(`./contenders-${name}.mjs`, import.meta.url);

/** The baseline. Answers come in the order of the questions, so nothing has to be looked up. */
export const pingPong = {
  name: 'bare MessagePort ping-pong',
  async open() {
    const { port1, port2 } = new MessageChannel();
    const worker = new Worker(fileOf('raw-worker'), { workerData: { port: port2 }, transferList: [port2] });
    const waiting = [];
    port1.on('message', (text) => waiting.shift()(text));
    return {
      call: ({ text }) =>
        new Promise((resolve) => {
          waiting.push(resolve);
          port1.postMessage(text);
        }),
      close: async () => {
        port1.close();
        await worker.terminate();
      },
    };
  },
};

/** One worker each, as many tasks on it at once as are in flight; everything else as the libraries have it by default. */
const ONE_WORKER = { minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: 64 };

// By default both pools let an idle worker sleep in Atomics.wait. That wakes faster than an event loop does, and keeps the
// loop from turning: no timer fires and no socket is read between two calls, so no connector could live there. Without it
// they are what a connector could use.

export const tinypoolRun = {
  name: 'tinypool.run (idle worker frozen)',
  async open() {
    const pool = new Tinypool({ ...ONE_WORKER, filename: fileOf('echo-task').href });
    return { call: ({ value }) => pool.run(value), close: () => pool.destroy() };
  },
};

export const tinypoolLoop = {
  name: 'tinypool.run, useAtomics: false',
  async open() {
    const pool = new Tinypool({ ...ONE_WORKER, useAtomics: false, filename: fileOf('echo-task').href });
    return { call: ({ value }) => pool.run(value), close: () => pool.destroy() };
  },
};

export const piscinaLoop = {
  name: "piscina.run, atomics: 'disabled'",
  async open() {
    const pool = new Piscina({ ...ONE_WORKER, atomics: 'disabled', filename: fileOf('echo-task').href });
    return { call: ({ value }) => pool.run(value), close: () => pool.destroy() };
  },
};

export const piscinaRun = {
  name: 'piscina.run (idle worker frozen)',
  async open() {
    const pool = new Piscina({ ...ONE_WORKER, filename: fileOf('echo-task').href });
    return { call: ({ value }) => pool.run(value), close: () => pool.destroy() };
  },
};

export const comlinkCall = {
  name: 'comlink',
  async open() {
    const worker = new Worker(fileOf('comlink-worker'));
    const remote = wrap(nodeEndpoint(worker));
    return { call: ({ value }) => remote.echo(value), close: () => worker.terminate() };
  },
};

export const workerpoolExec = {
  name: 'workerpool.exec',
  async open() {
    const pool = workerpool.pool(fileURLToPath(fileOf('workerpool-worker')), {
      minWorkers: 1,
      maxWorkers: 1,
      workerType: 'thread',
    });
    return { call: ({ value }) => pool.exec('echo', [value]), close: () => pool.terminate() };
  },
};

/** The runtime alone: our channel, the worker's parsing, bounded walk and encoding, deadlines and all. */
export const runtimeCall = callOfRuntime('our runtime: worker.call', 'thread');

/** The same with the connector in a process of its own. */
export const processCall = callOfRuntime('the same, isolation: process', 'process');

function callOfRuntime(name, isolation) {
  return { name, open: () => openRuntime(isolation) };
}

async function openRuntime(isolation) {
  const { createWorkerRuntime } = await import('../dist/runtime/worker-runtime.js');
  const { createProject } = await import('./bench-project.mjs');
  const project = createProject('connectors: []\n');
  const runtime = createWorkerRuntime({ events: { onLog() {}, onState() {}, onCrash() {}, onFault() {} } });
  const worker = runtime.create({
    id: 'echo',
    kind: 'echo',
    packageName: 'connector-echo',
    packageVersion: '1.0.0',
    isolation,
    code: new URL(`file://${project.root}/node_modules/connector-echo/index.js`).href,
    resolveConfig: () => ({
      config: { id: 'echo', kind: 'echo', scheme: 'http', auth: { type: 'none' }, settings: {} },
      settings: {},
    }),
    startTimeoutMs: 30_000,
    memoryMb: 256,
  });
  await worker.ensure('ready', { deadline: Date.now() + 30_000 });
  return {
    async call({ text }) {
      const outcome = await worker.call({
        op: 'execute',
        action: 'echo',
        payload: text,
        deadline: Date.now() + 30_000,
      });
      if (!outcome.ok) throw new Error(outcome.error.message);
      return outcome.value;
    },
    async close() {
      await runtime.close();
      project.dispose();
    },
  };
}

/** One host for both ways in: a process has one in practice, and a second one would be warmed up by the first. */
const host = {
  users: 0,
  /** @type {Promise<any> | undefined} */
  opened: undefined,
  async open() {
    this.users++;
    this.opened ??= (async () => {
      const { createProject, openHost } = await import('./bench-project.mjs');
      const project = createProject(
        'connectors:\n  - { id: echo, kind: echo, health_check: { enabled: false }, limits: { concurrency: 64, memory_mb: 256 } }\n',
      );
      return { project, host: await openHost(project.root) };
    })();
    return (await this.opened).host.service;
  },
  async close() {
    if (--this.users > 0) return;
    const { project, host: opened } = await this.opened;
    await opened.close();
    project.dispose();
  },
};

/** The whole pipeline, in process, by one of the service's two calls. */
function throughService(name, callOf) {
  return { name, open: async () => ({ call: callOf(await host.open()), close: () => host.close() }) };
}

export const serviceText = throughService('our service.executeText, whole pipeline', (service) => async ({ text }) => {
  const { result } = await service.executeText({ id: 'echo', action: 'echo', payload: text });
  return result;
});

/** With a key of its own for every call, so that each is written down twice. */
export const serviceKeyed = throughService('our service.executeText, with an idempotency key', (service) => {
  let calls = 0;
  return async ({ text }) => {
    calls += 1;
    const request = { id: 'echo', action: 'echo', payload: text, idempotencyKey: `k${calls}` };
    return (await service.executeText(request)).result;
  };
});

export const serviceValue = throughService('our service.execute, whole pipeline', (service) => async ({ value }) => {
  const { result } = await service.execute({ id: 'echo', action: 'echo', payload: value });
  return result;
});
