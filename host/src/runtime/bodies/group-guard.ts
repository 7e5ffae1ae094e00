import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { platform } from 'node:os';

/** Keeps a list of process groups, told by lines `+ ID` and `- ID`, and ends those that are left when nobody can tell it more. */
const SCRIPT = `
groups=
while read -r op id; do
  left=
  for each in $groups; do [ "$each" = "$id" ] || left="$left $each"; done
  groups=$left
  [ "$op" = + ] && groups="$groups $id"
done
for each in $groups; do kill -s KILL -- "-$each"; done
`;

/**
 * Ends child processes, with all that they started and that did not leave their groups, when the host is gone, however it ended and
 * whatever they are doing: a program of its own, one for the whole host, waits for that. Where there is no shell, a child ends by
 * itself as soon as it comes to rest.
 */
export class GroupGuard {
  readonly #groups = new Set<number>();
  #program: ChildProcess | undefined;
  #closed = false;

  /** Ends the group of this child with the host. */
  watch(child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined || this.#closed || platform() === 'win32') return;
    this.#groups.add(pid);
    if (this.#program === undefined) this.#start();
    else this.#tell('+', pid);
    child.once('exit', () => {
      this.#groups.delete(pid);
      this.#tell('-', pid);
    });
  }

  close(): void {
    this.#closed = true;
    this.#program?.kill('SIGKILL');
  }

  #start(): void {
    const program = spawnQuietly();
    if (program === undefined) return;
    const gone = (): void => {
      // The next child has it started again.
      if (this.#program === program) this.#program = undefined;
    };
    program.on('error', gone);
    program.on('exit', gone);
    program.unref();
    // Where descriptors ran out, there is none.
    const stdin = program.stdin as Socket | null | undefined;
    stdin?.on('error', () => {});
    stdin?.unref();
    this.#program = program;
    for (const group of this.#groups) this.#tell('+', group);
  }

  #tell(op: '+' | '-', group: number): void {
    this.#program?.stdin?.write(`${op} ${group}\n`);
  }
}

/** In a group of its own, so that what ends the host's group does not end it. Undefined where descriptors or processes ran out. */
function spawnQuietly(): ChildProcess | undefined {
  try {
    return spawn('/bin/sh', ['-c', SCRIPT], { detached: true, env: {}, stdio: ['pipe', 'ignore', 'ignore'] });
  } catch {
    return undefined;
  }
}
