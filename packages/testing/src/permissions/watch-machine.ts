import childProcess from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Is told of each thing that any code in this thread asks the machine for, before it is done. */
export interface MachineWatcher {
  /** `path`: as it was given. Not told of modules that Node.js loads. */
  onFile(access: 'read' | 'write', path: string): void;
  onProgram(program: string): void;
  onSocket(host: string, port: number): void;
  onVariable(name: string): void;
}

/**
 * Watches this thread's files, programs, sockets and environment for good. Node.js' own `--permission-audit` would do for the first two; but
 * it refuses native modules, and programs that start others under it, as test runners do, end at once.
 */
export function watchMachine(watcher: MachineWatcher): void {
  watchFiles(watcher);
  const onProgram = (program: unknown): void => {
    if (typeof program === 'string') watcher.onProgram(program);
  };
  // All that do not wait end there.
  watch(childProcess.ChildProcess.prototype, 'spawn', ([options]) => onProgram((options as { file?: unknown }).file));
  for (const name of ['execFileSync', 'execSync', 'spawnSync'] as const)
    watch(childProcess, name, ([program]) => onProgram(program));
  watchSockets(watcher);
  process.env = new Proxy(process.env, {
    get(target, name) {
      if (typeof name === 'string') watcher.onVariable(name);
      return Reflect.get(target, name) as unknown;
    },
    // The environment takes no other definition of a variable than by setting it.
    set: (target, name, value) => Reflect.set(target, name, value),
  });
  // For modules that import them by name.
  syncBuiltinESMExports();
}

/** Of functions whose names begin so the first path is written; all others read it. */
const WRITING = /^(append|chmod|chown|createWrite|lch|link|lutimes|mk|rename|rm|symlink|truncate|unlink|utimes|write)/;
/** Those whose second path is written. */
const WITH_TARGET = /^(copyFile|cp|link|rename|symlink)(Sync)?$/;
const OPENING = /^(open|openSync|createReadStream|createWriteStream)$/;

function watchFiles({ onFile }: MachineWatcher): void {
  const tell = (access: 'read' | 'write', given: unknown): void => {
    const path = pathOf(given);
    if (path !== undefined) onFile(access, path);
  };
  for (const module of [fs, fs.promises])
    for (const name of Object.keys(module).filter((each) => /^[a-z]/.test(each)))
      watch(module, name, ([first, second]) => {
        const flags = typeof second === 'object' && second !== null ? (second as { flags?: unknown }).flags : second;
        const opensToWrite = OPENING.test(name) && opensForWriting(flags);
        tell(WRITING.test(name) || opensToWrite ? 'write' : 'read', first);
        if (WITH_TARGET.test(name)) tell('write', second);
      });
}

function opensForWriting(flags: unknown): boolean {
  if (typeof flags === 'number') return (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR)) !== 0;
  return typeof flags === 'string' && /[wa+]/.test(flags);
}

function pathOf(given: unknown): string | undefined {
  if (given instanceof URL) return given.protocol === 'file:' ? fileURLToPath(given) : undefined;
  if (Buffer.isBuffer(given)) return given.toString();
  return typeof given === 'string' ? given : undefined;
}

/** Puts itself before a function, which keeps all else that it has. */
function watch(module: object, name: string, onCall: (args: readonly unknown[]) => void): void {
  const method: unknown = Reflect.get(module, name);
  if (typeof method !== 'function') return;
  Reflect.set(
    module,
    name,
    new Proxy(method, {
      apply(target, self, args: unknown[]) {
        onCall(args);
        return Reflect.apply(target, self, args) as unknown;
      },
    }),
  );
}

function watchSockets({ onSocket }: MachineWatcher): void {
  watch(Socket.prototype, 'connect', (args) => {
    // Node.js calls it with the arguments that it has read already, as a list.
    const [first, second] = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
    const options = typeof first === 'object' && first !== null ? first : { port: first, host: second };
    const { host, port } = options as { readonly host?: unknown; readonly port?: unknown };
    if (port !== undefined && Number.isInteger(Number(port)))
      onSocket(typeof host === 'string' ? host : 'localhost', Number(port));
  });
}
