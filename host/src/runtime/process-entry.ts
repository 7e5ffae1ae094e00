import { enableCompileCache } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { StartTask } from './bodies/body.ts';
import { createTextEnvironment } from './worker/text-environment.ts';
import { createSocketLine } from './worker/socket-line.ts';

/**
 * More than enough for the machine code of a thread; Node's own choice is half a gigabyte. All that is set aside counts against the
 * bound of the process, which would not start a thread then, but abort.
 */
const CODE_RANGE_MB = 32;
const NESTED_ENTRY = fileURLToPath(new URL('./nested-entry.js', import.meta.url));

// The whole group, which may hold programs that the connector started. Taken before the connector's code is loaded.
// By what `process.kill` ends in itself, as that will be guarded.
const endGroup = (Reflect.get(process, '_kill') as (pid: number, signal: number) => never).bind(
  process,
  -process.pid,
  constants.signals.SIGKILL,
);
const line = createSocketLine(() => endGroup());
// Node.js would wait for the thread that reads.
if (line.blocksExit) Reflect.set(process, 'reallyExit', endGroup);

// Before the rest is loaded, so that this is quick as well; a child is started ahead of the connector that it is for.
enableCompileCache(process.argv[2]);
const [{ serve }, { installGuards }, { captureOutput }, { guardThreads }, { guardNetwork }, restricted] =
  await Promise.all([
    import('./worker/serve.ts'),
    import('./worker/guards.ts'),
    import('./worker/capture-output.ts'),
    import('./worker/guard-threads.ts'),
    import('./worker/network/guard-network.ts'),
    process.permission === undefined ? undefined : import('./worker/close-ways-round.ts'),
  ]);

// Read by Node and the system; nothing that a connector should see.
process.env = createTextEnvironment({});
line.listen((batch) => {
  const task = JSON.parse(batch[0] as string) as StartTask;
  process.env = createTextEnvironment(task.env);
  void serve(task, line, (uplink, log, trail) => {
    restricted?.closeWaysRound(task);
    installGuards(uplink);
    captureOutput(log);
    guardThreads(NESTED_ENTRY, { codeRangeSizeMb: CODE_RANGE_MB });
    return guardNetwork(task, {
      warn: (message) => log.write('warn', 'logger', message),
      current: () => trail.current(),
    });
  });
});
