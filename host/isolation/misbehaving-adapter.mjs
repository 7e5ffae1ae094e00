// What `automate isolation --run` does to hosts that it starts for that. Each action is one fault of src/cli/isolation/faults.ts,
// whose payload says where the host is and what the action may try to reach.
import { execFileSync, execSync, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import * as fs from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { Session } from 'node:inspector';
import { register } from 'node:module';
import { connect, createServer } from 'node:net';
import { constants, getPriority, setPriority } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { writeHeapSnapshot } from 'node:v8';
import { WASI } from 'node:wasi';
import { BroadcastChannel, getEnvironmentData, MessagePort, parentPort, Worker } from 'node:worker_threads';
import { ConnectorAdapter, RateLimitedError } from '@automate/sdk';

const MB = 1024 * 1024;
/** The descriptor that joins a process to its host. */
const LINE_FD = 3;
const CANARY = /canary-[0-9a-f]+/;
const kept = [];

/** What came of an attempt, in words; what it returns says what it got. */
async function tried(attempt) {
  try {
    return (await attempt()) ?? 'allowed';
  } catch (error) {
    return `refused (${error?.code ?? error?.name ?? 'nothing said'})`;
  }
}

const foundIn = (text) => (CANARY.test(text) ? "reads the host's secret" : 'finds no secret');
const never = () => new Promise(() => {});
const nested = (depth) => {
  let value = 0;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
};
const circular = { name: 'circular' };
circular.self = circular;

/** Frames and batches that answer calls which nobody made, in the form that the host reads. */
function forge() {
  const batch = [1, 1e6, '"forged"'];
  if (parentPort !== null) {
    for (let n = 0; n < 200; n += 1) MessagePort.prototype.postMessage.call(parentPort, batch);
    return;
  }
  const number = (value) => {
    const bytes = Buffer.alloc(9);
    bytes.writeDoubleLE(value, 1);
    return bytes;
  };
  const values = Buffer.concat([number(1), number(1e6), Buffer.from([1, 1, 0, 0, 0, 0x22])]);
  const frame = Buffer.concat([Buffer.alloc(4), values]);
  frame.writeUInt32LE(values.length);
  fs.writeSync(LINE_FD, Buffer.concat(Array.from({ length: 200 }, () => frame)));
}

function inspectMainThread() {
  const session = new Session();
  session.connectToMainThread();
  const { promise, resolve } = Promise.withResolvers();
  session.post('Runtime.evaluate', { expression: 'process.env.AUTOMATE_CANARY' }, (_error, answer) =>
    resolve(foundIn(JSON.stringify(answer ?? ''))),
  );
  return Promise.race([promise, delay(2000, 'gets no answer')]);
}

/** Writes over the machine code of its own process, as a fault in native code may. */
function overwriteCode() {
  const code = fs
    .readFileSync('/proc/self/maps', 'utf8')
    .split('\n')
    .find((line) => / r-xp .*node/.test(line));
  const [begin, end] = code
    .split(' ')[0]
    .split('-')
    .map((hex) => Number.parseInt(hex, 16));
  const memory = fs.openSync('/proc/self/mem', 'r+');
  fs.writeSync(memory, Buffer.alloc(Math.min(end - begin, 32 * MB)), 0, undefined, begin);
}

const forgedLine = (where) => `${JSON.stringify({ level: 'error', connector: 'beside', msg: `forged ${where}` })}\n`;
const pidOf = (...[command, args, options]) => spawn(command, args, { stdio: 'ignore', ...options }).pid;

const actions = {
  fine: () => 'fine',

  // It fails.
  throw_sync: () => {
    throw new Error('thrown at once');
  },
  throw_later: async () => {
    throw new TypeError('thrown later');
  },
  throw_null: async () => {
    throw null;
  },
  throw_coded: async () => {
    throw new RateLimitedError('slow down', { retryAfterMs: 1500, cause: new Error('why') });
  },
  overflow_stack: () => {
    const deeper = () => deeper() + 1;
    return deeper();
  },

  // It does not end.
  loop: () => {
    for (;;);
  },
  never: () => never(),
  backtrack: () => /^(a+)+$/.test(`${'a'.repeat(40)}!`),
  exec_sync: () => tried(() => void execSync('sleep 60')),
  read_fifo: ({ fifo }) => tried(() => void fs.readFileSync(fifo)),
  count_sql: () =>
    tried(async () => {
      const { DatabaseSync } = await import('node:sqlite');
      const text = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1e10) SELECT count(*) FROM n';
      new DatabaseSync(':memory:').prepare(text).get();
    }),
  spin_idle: () => {
    setTimeout(() => {
      for (;;);
    }, 20);
    return 'spins later';
  },

  // It ends.
  reject: () => {
    void Promise.reject(new Error('nobody listens'));
    return never();
  },
  throw_in_timer: () => {
    setTimeout(() => {
      throw new Error('thrown by a timer');
    }, 5);
    return never();
  },
  throw_when_idle: () => {
    setTimeout(() => {
      throw new Error('thrown while idle');
    }, 50);
    return 'throws later';
  },
  exit: () => {
    process.exit(0);
  },
  really_exit: () => {
    process.reallyExit(2);
  },
  abort: () => {
    process.abort();
  },
  kill_self: () => {
    process.kill(process.pid, 'SIGKILL');
    return never();
  },
  execve: () =>
    tried(() => {
      process.execve('/bin/sleep', ['sleep', '60'], {});
      return never();
    }),
  signal_by_program: () =>
    tried(() => {
      execFileSync('kill', ['-SEGV', String(process.pid)]);
      return never();
    }),
  overwrite_code: () =>
    tried(() => {
      overwriteCode();
      return never();
    }),
  kill_host: ({ hostPid }) => {
    process.kill(hostPid, 'SIGKILL');
    return never();
  },
  kill_host_by_program: ({ hostPid }) =>
    tried(() => {
      execFileSync('kill', ['-KILL', String(hostPid)]);
      return never();
    }),
  hang_up: () => {
    if (parentPort === null) fs.closeSync(LINE_FD);
    else parentPort.close();
    return 'closed it';
  },

  // It takes memory.
  fill_array: () => {
    for (let n = 0; ; n += 1) kept.push({ n, text: `item ${n}` });
  },
  fill_map: () => {
    const map = new Map();
    for (let n = 0; ; n += 1) map.set(n, { n });
  },
  one_array: () => new Array(1e9).fill(0.5).length,
  parse_much: () => JSON.parse(`[${'{"a":[1,2,3]},'.repeat(1.5e6)}0]`).length,
  sort_much: () => Array.from({ length: 4e7 }, (_, n) => ({ n })).toSorted((a, b) => b.n - a.n).length,
  many_buffers: async () => {
    for (let n = 0; n < 190; n += 1) {
      kept.push(Buffer.alloc(8 * MB, 1));
      await delay(5);
    }
    return never();
  },
  one_buffer: () =>
    tried(() => {
      kept.push(new Uint8Array(2e9).fill(1));
      return never();
    }),
  wasm_memory: () =>
    tried(() => {
      const memory = new WebAssembly.Memory({ initial: 30_000 });
      kept.push(new Uint8Array(memory.buffer).fill(1));
      return never();
    }),
  leak: async ({ folder }) => {
    for (let n = 0; n < 200; n += 1) {
      fs.openSync(folder, 'r');
      setInterval(() => {}, 1000);
    }
    return 'leaks';
  },

  // It answers what is no answer.
  answer_deep: () => nested(1e5),
  answer_long: () => 'x'.repeat(9 * MB),
  answer_very_long: () => 'x'.repeat(500 * MB),
  answer_function: () => ({ run: () => 1 }),
  answer_symbol: () => ({ sign: Symbol('x') }),
  answer_proxy: () =>
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('no');
        },
      },
    ),
  answer_weak_map: () => ({ all: new WeakMap() }),
  answer_promise: () => ({ later: Promise.resolve(1) }),
  answer_bigint: () => ({ count: 1n }),
  answer_circular: () => circular,
  answer_getter: () => ({
    get value() {
      throw new Error('no');
    },
  }),
  answer_not_json: () => ({ date: new Date(0), nothing: undefined, bytes: Buffer.from('ab') }),
  answer_nan: () => ({ rate: Number.NaN }),
  error_huge: () => {
    throw new Error('x'.repeat(300 * MB));
  },

  // It says too much, or in another's name.
  log_lines: () => {
    for (let n = 0; n < 200_000; n += 1) console.log(`line ${n}`);
    return 'said it';
  },
  log_million: () => {
    for (let n = 0; n < 1e6; n += 1) console.log(`line ${n}`);
    return 'said it';
  },
  log_forged: () => {
    console.log(forgedLine('by console'));
    process.stdout.write(forgedLine('by stdout'));
  },
  log_forged_below: () => {
    fs.writeSync(1, forgedLine('below the console'));
  },
  post_null: () => {
    parentPort?.postMessage(null);
    process.send?.(null);
    return 'posted';
  },
  post_flood: () => {
    for (let n = 0; n < 100_000; n += 1) parentPort?.postMessage({ n });
    return parentPort === null ? 'posted' : never();
  },
  forge_answers: async () => {
    forge();
    return never();
  },
  broadcast: () => {
    const all = new BroadcastChannel('anyone');
    all.postMessage('hello');
    all.close();
    return 'posted';
  },

  // It changes what others use.
  patch_globals: () => {
    Object.prototype.polluted = true;
    Array.prototype.map = () => {
      throw new Error('patched');
    };
    globalThis.mark = 'left behind';
    return 'patched';
  },
  chdir: () =>
    tried(() => {
      process.chdir('/');
    }),
  umask: () =>
    tried(() => {
      process.umask(0);
    }),
  setuid: () =>
    tried(() => {
      process.setuid(process.getuid());
    }),
  set_priority: ({ hostPid }) => tried(() => setPriority(hostPid, getPriority(hostPid))),
  eval_text: () =>
    tried(() => {
      new Function('return 1')();
    }),

  // It looks where it has no business.
  environment: () => foundIn(JSON.stringify(process.env)),
  environment_data: () => foundIn(String(getEnvironmentData('canary'))),
  listen_to_host: async () => {
    const channel = new BroadcastChannel('of-the-host');
    const heard = new Promise((resolve) => {
      channel.onmessage = ({ data }) => resolve(foundIn(data));
    });
    const said = await Promise.race([heard, delay(600, 'hears nothing')]);
    channel.close();
    return said;
  },
  report: () => tried(() => foundIn(JSON.stringify(process.report.getReport()))),
  proc_environ: ({ hostPid }) => tried(() => foundIn(fs.readFileSync(`/proc/${hostPid}/environ`, 'utf8'))),
  proc_mem: ({ hostPid }) =>
    tried(() => {
      fs.closeSync(fs.openSync(`/proc/${hostPid}/mem`, 'r'));
      return 'can read memory';
    }),
  inspect_host: () => tried(inspectMainThread),
  inspect_self: () => tried(() => new Session().connect()),
  binding: () =>
    tried(() => {
      process.binding('fs');
    }),
  read_file: ({ outside }) => tried(() => foundIn(fs.readFileSync(outside, 'utf8'))),
  list_folder: ({ folder }) =>
    tried(() => {
      fs.readdirSync(folder);
    }),
  resolve_path: ({ outside }) =>
    tried(() => {
      fs.realpathSync(outside);
    }),
  write_file: ({ folder }) => tried(() => fs.writeFileSync(`${folder}/written-${process.pid}`, '')),
  import_module: ({ module }) =>
    tried(async () => {
      await import(module);
    }),
  register_hooks: () =>
    tried(() => {
      register('data:text/javascript,');
    }),
  sqlite: ({ folder }) =>
    tried(async () => {
      const { DatabaseSync } = await import('node:sqlite');
      const database = new DatabaseSync(':memory:');
      database.exec(`ATTACH '${folder}/attached-${process.pid}.db' AS elsewhere`);
      database.exec('CREATE TABLE elsewhere.t (a)');
    }),
  heap_snapshot: ({ folder }) =>
    tried(() => {
      writeHeapSnapshot(`${folder}/heap-${process.pid}`);
    }),
  program: () =>
    tried(() => {
      execFileSync('true');
    }),
  worker: () =>
    tried(async () => {
      await once(new Worker('', { eval: true }), 'exit');
    }),
  addon: ({ outside }) =>
    tried(() => process.dlopen({ exports: {} }, outside, constants.dlopen.RTLD_NOW)).then((said) =>
      // The file is none: that it was looked at is what the attempt is about.
      said.includes('ERR_DLOPEN_FAILED') ? 'allowed' : said,
    ),
  wasi: () =>
    tried(() => {
      new WASI({ version: 'preview1', preopens: { '/': '/' } });
    }),
  tcp: ({ port }) =>
    tried(async () => {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.destroy();
    }),
  unix_socket: ({ socket: path }) =>
    tried(async () => {
      const socket = connect(path);
      await once(socket, 'connect');
      socket.destroy();
    }),
  http2: ({ port }) =>
    tried(async () => {
      const session = connectHttp2(`http://127.0.0.1:${port}`);
      await once(session, 'connect');
      session.on('error', () => {}).destroy();
    }),
  fetch_page: ({ port }) =>
    tried(async () => {
      await (await fetch(`http://127.0.0.1:${port}/`)).text();
    }),
  udp: ({ port }) =>
    tried(async () => {
      const socket = createSocket('udp4');
      const sent = Promise.withResolvers();
      socket
        .on('error', sent.reject)
        .send('x', port, '127.0.0.1', (error) => (error ? sent.reject(error) : sent.resolve()));
      await sent.promise.finally(() => socket.close());
    }),
  dns: () =>
    tried(async () => {
      await lookup('localhost');
    }),
  listen: () =>
    tried(async () => {
      const server = createServer().listen(0);
      await once(server, 'listening');
      server.close();
    }),

  // It stays.
  pid: () => process.pid,
  leave_program: () => tried(() => pidOf('sleep', ['60'])),
  leave_group: () => tried(() => pidOf('sleep', ['60'], { detached: true })),
};

const unhealthy = [
  42,
  null,
  'fine',
  { status: 'superb' },
  {
    get status() {
      throw new Error('no');
    },
  },
  new Proxy(
    {},
    {
      get() {
        throw new Error('no');
      },
    },
  ),
  { status: 'healthy', details: circular },
  { status: 'healthy', message: 'x'.repeat(50 * MB) },
];
let asked = 0;

export default class MisbehavingAdapter extends ConnectorAdapter {
  name = 'misbehaving';
  version = '1.0.0';
  connect() {
    return true;
  }
  // Not async, so that what is thrown at once is thrown at once.
  execute(action, payload) {
    return actions[action](payload);
  }
  async healthCheck(context) {
    if (this.context.settings.unhealthy !== true) return super.healthCheck(context);
    asked += 1;
    return unhealthy[(asked - 1) % unhealthy.length];
  }
}
