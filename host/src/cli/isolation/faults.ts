import type { IsolationLevel } from '@automate/contract';

/** One thing that a connector does and should not, done for real by `automate isolation --run`. */
export interface Fault {
  /** The action of `host/isolation/misbehaving-adapter.mjs`, and the id of the connector that does it. */
  readonly name: string;
  /** The end of "a connector …". */
  readonly what: string;
  /** Milliseconds that the call may take. Default 30 000. */
  readonly timeoutMs?: number;
  /** Of the connector's limits. Default 64. */
  readonly memoryMb?: number;
  /** The text of its module, where being loaded is the fault. */
  readonly source?: string;
  /** How it is looked at from outside, where the answer to the call does not tell all. */
  readonly look?: 'health' | 'log' | 'descriptors' | 'left' | 'host-killed' | 'host-killed-spinning' | 'marks' | 'idle';
  /** Reasons of which any may be told: which one is a matter of who is faster. */
  readonly either?: readonly string[];
  /** Levels at which it is not done, and why. */
  readonly except?: Partial<Record<IsolationLevel, string>>;
  /** Done by the short run, too. */
  readonly quick?: true;
}

export interface FaultGroup {
  readonly title: string;
  readonly faults: readonly Fault[];
}

const NO_WORKER = { none: 'has no worker' } as const;
const NO_LINE = { none: 'has none' } as const;
const NO_MODULE = { none: 'is the program’s own' } as const;
/** A full heap of a whole program takes the machine's memory first. */
const NO_BOUND = { none: 'has no bound' } as const;
const FULL = ['out_of_memory', 'memory_exceeded'] as const;
const HANGS = { timeoutMs: 1500 } as const;

/** An adapter whose description is of 150 MB. */
const DESCRIBES_MUCH = `import { action, ConnectorAdapter } from '@automate/sdk';
const any = { schema: { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } }, jsonSchema: {} };
const run = () => 'fine';
export default class DescribesMuch extends ConnectorAdapter {
  name = 'describes_much';
  version = '1.0.0';
  actions = { fine: action({ description: 'x'.repeat(150e6), input: any, sideEffects: false, idempotent: true, run }) };
  connect() { return true; }
}
`;

/** All of them, in the order of the page. */
export const FAULT_GROUPS: readonly FaultGroup[] = [
  {
    title: 'Fails',
    faults: [
      { name: 'throw_sync', what: 'throws at once' },
      { name: 'throw_later', what: 'throws later' },
      { name: 'throw_null', what: 'throws `null`', quick: true },
      { name: 'throw_coded', what: 'throws an error with a code, a cause and what may be retried' },
      { name: 'overflow_stack', what: 'calls itself without end' },
    ],
  },
  {
    title: 'Cannot be loaded',
    faults: [
      {
        name: 'import_throws',
        what: 'throws as it is loaded',
        source: "throw new Error('at import');\n",
        except: NO_MODULE,
      },
      { name: 'import_broken', what: 'has a syntax error', source: 'export default class {{\n', except: NO_MODULE },
      {
        name: 'import_missing',
        what: 'imports a file that is not there',
        source: "import './missing.mjs';\n",
        except: NO_MODULE,
      },
      {
        name: 'import_waits',
        what: 'never finishes loading',
        source: 'await new Promise(() => {});\n',
        except: NO_MODULE,
      },
      { name: 'import_loops', what: 'loops for ever as it is loaded', source: 'for (;;);\n', except: NO_MODULE },
      {
        name: 'import_exits',
        what: 'calls `process.exit` as it is loaded',
        source: 'process.exit(0);\n',
        except: NO_MODULE,
        quick: true,
      },
      {
        name: 'describes_much',
        what: 'describes an action in 150 MB',
        source: DESCRIBES_MUCH,
        memoryMb: 1024,
        except: NO_MODULE,
      },
    ],
  },
  {
    title: 'Does not end',
    faults: [
      { name: 'never', what: 'never answers', ...HANGS, quick: true },
      { name: 'loop', what: 'loops for ever', ...HANGS },
      { name: 'backtrack', what: 'is lost in a regular expression', ...HANGS },
      { name: 'exec_sync', what: 'waits for a program with `execSync`', ...HANGS },
      { name: 'read_fifo', what: 'reads a pipe that nobody writes to', ...HANGS },
      { name: 'count_sql', what: 'counts ten thousand million rows in `node:sqlite`', ...HANGS },
      { name: 'spin_idle', what: 'loops for ever once its call is answered', look: 'idle' },
    ],
  },
  {
    title: 'Ends',
    faults: [
      { name: 'reject', what: 'rejects a promise that nobody handles', quick: true },
      { name: 'throw_in_timer', what: 'throws in a timer during a call' },
      { name: 'throw_when_idle', what: 'throws in a timer between calls', look: 'idle' },
      { name: 'exit', what: 'calls `process.exit`', quick: true },
      { name: 'really_exit', what: 'calls `process.reallyExit`' },
      { name: 'abort', what: 'calls `process.abort`' },
      { name: 'kill_self', what: 'calls `process.kill` on itself with SIGKILL' },
      { name: 'execve', what: 'becomes another program (`process.execve`)', ...HANGS },
      { name: 'signal_by_program', what: 'is sent SIGSEGV, by a program that it starts', ...HANGS, quick: true },
      { name: 'overwrite_code', what: 'crashes in native code (its machine code is overwritten)', ...HANGS },
      { name: 'kill_host', what: 'calls `process.kill` on the host', quick: true },
      { name: 'kill_host_by_program', what: 'kills the host by a program that it starts', ...HANGS },
    ],
  },
  {
    title: 'Takes memory',
    faults: [
      { name: 'fill_array', what: 'fills its heap with small objects in one go', either: FULL, except: NO_BOUND },
      { name: 'fill_map', what: 'fills a `Map` in one go', either: FULL, except: NO_BOUND },
      { name: 'one_array', what: 'makes one array of a thousand million numbers', either: FULL, except: NO_BOUND },
      { name: 'parse_much', what: 'parses a JSON text of 20 MB', either: FULL, except: NO_BOUND },
      { name: 'sort_much', what: 'sorts forty million objects', either: FULL, except: NO_BOUND },
      { name: 'many_buffers', what: 'takes 1.5 GB of buffers, 8 MB at a time', except: NO_BOUND },
      { name: 'one_buffer', what: 'takes one buffer of 2 GB', except: NO_BOUND },
      { name: 'wasm_memory', what: 'takes 1.9 GB for WebAssembly', except: NO_BOUND },
      { name: 'leak', what: 'opens 200 files and closes none', look: 'descriptors' },
    ],
  },
  {
    title: 'Answers what is no answer',
    faults: [
      { name: 'answer_deep', what: 'answers with 100 000 levels', quick: true },
      { name: 'answer_long', what: 'answers with 9 MB' },
      { name: 'answer_very_long', what: 'answers with 500 MB', except: NO_BOUND },
      { name: 'answer_function', what: 'answers with a function' },
      { name: 'answer_symbol', what: 'answers with a symbol' },
      { name: 'answer_proxy', what: 'answers with a proxy that throws' },
      { name: 'answer_weak_map', what: 'answers with a `WeakMap`' },
      { name: 'answer_promise', what: 'answers with a promise inside' },
      { name: 'answer_bigint', what: 'answers with a `bigint`' },
      { name: 'answer_circular', what: 'answers with a cycle' },
      { name: 'answer_getter', what: 'answers with a getter that throws' },
      { name: 'answer_nan', what: 'answers with `NaN`' },
      { name: 'answer_not_json', what: 'answers with dates, `undefined` and buffers' },
      { name: 'error_huge', what: 'throws an error whose message is of 300 MB', memoryMb: 1024 },
      {
        name: 'unhealthy',
        what: 'says nonsense of its health, eight kinds of it',
        look: 'health',
        memoryMb: 512,
        quick: true,
      },
    ],
  },
  {
    title: 'Says too much, or in another’s name',
    faults: [
      { name: 'log_lines', what: 'writes 200 000 lines' },
      { name: 'log_million', what: 'writes a million lines in one turn', either: FULL },
      { name: 'log_forged', what: 'writes log lines that name another connector', look: 'log', quick: true },
      { name: 'log_forged_below', what: 'writes such lines below its console (`fs.writeSync(1, …)`)', look: 'log' },
      { name: 'post_null', what: 'posts `null` on the port of its thread' },
      { name: 'post_flood', what: 'posts 100 000 messages there', ...HANGS },
      {
        name: 'forge_answers',
        what: 'writes answers that nobody asked for onto the line to its host',
        ...HANGS,
        except: NO_LINE,
        quick: true,
      },
      { name: 'hang_up', what: 'closes the line to its host', ...HANGS, except: NO_LINE },
      { name: 'broadcast', what: 'posts on a `BroadcastChannel`' },
    ],
  },
  {
    title: 'Changes what others use',
    faults: [
      { name: 'chdir', what: 'changes the working directory' },
      { name: 'umask', what: 'changes the mask for new files' },
      { name: 'setuid', what: 'sets its user' },
      { name: 'set_priority', what: 'sets the priority of the host' },
      { name: 'eval_text', what: 'runs a text as code' },
      { name: 'patch_globals', what: 'patches prototypes and globals', look: 'marks' },
    ],
  },
  {
    title: 'Looks where it has no business',
    faults: [
      { name: 'environment', what: 'reads `process.env`', quick: true },
      { name: 'environment_data', what: 'reads `getEnvironmentData` of an embedding program' },
      { name: 'listen_to_host', what: 'listens to a `BroadcastChannel` of an embedding program' },
      { name: 'report', what: 'reads `process.report.getReport()`', quick: true },
      { name: 'proc_environ', what: 'reads the host’s variables in `/proc`', quick: true },
      { name: 'proc_mem', what: 'opens the host’s memory in `/proc`' },
      { name: 'inspect_host', what: 'attaches the inspector to the host’s thread' },
      { name: 'inspect_self', what: 'attaches the inspector to itself' },
      { name: 'binding', what: 'asks for `process.binding`' },
      { name: 'heap_snapshot', what: 'writes a snapshot of its heap' },
      { name: 'read_file', what: 'reads a file of the host’s user', quick: true },
      { name: 'list_folder', what: 'lists a folder' },
      { name: 'resolve_path', what: 'resolves a path' },
      { name: 'write_file', what: 'writes a file' },
      { name: 'import_module', what: 'imports a module from elsewhere' },
      { name: 'register_hooks', what: 'registers hooks for modules' },
      { name: 'sqlite', what: 'attaches a database file elsewhere with `node:sqlite`' },
      { name: 'program', what: 'starts a program', quick: true },
      { name: 'worker', what: 'starts a worker thread' },
      { name: 'addon', what: 'loads native code' },
      { name: 'wasi', what: 'makes a WASI with the whole file system' },
      { name: 'tcp', what: 'connects over TCP', quick: true },
      { name: 'unix_socket', what: 'connects to a socket in the file system' },
      { name: 'http2', what: 'connects over HTTP/2' },
      { name: 'fetch_page', what: 'fetches a page' },
      { name: 'udp', what: 'sends over UDP' },
      { name: 'dns', what: 'asks for a name' },
      { name: 'listen', what: 'listens on a port' },
    ],
  },
  {
    title: 'Stays',
    faults: [
      { name: 'leave_program', what: 'starts a program and ends', look: 'left', except: NO_WORKER },
      { name: 'leave_group', what: 'starts a program in a group of its own and ends', look: 'left', except: NO_WORKER },
      { name: 'host_killed', what: 'idles as its host is killed', look: 'host-killed' },
      { name: 'host_killed_spinning', what: 'loops for ever as its host is killed', look: 'host-killed-spinning' },
    ],
  },
];
