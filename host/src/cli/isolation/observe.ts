import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { JsonObject, JsonValue } from '@automate/contract';
import { ConnectorError } from '@automate/contract';
import type { DoomedHost } from './doomed-host.ts';
import type { Fault } from './faults.ts';

/** How long the next answer of a connector is waited for, in milliseconds. */
const NEXT_MS = 30_000;

/** What one fault did at one level. */
export interface Observation {
  /** What the caller saw, or what was seen from outside. */
  readonly outcome: string;
  /** How long until that was known, in milliseconds. */
  readonly tookMs: number;
  /** How long from then until the next call of the same connector was answered, in milliseconds; absent: it is not up again, or that says nothing. */
  readonly nextMs?: number;
  /** Whether the host lives and answers. */
  readonly hostLives: boolean;
  /** Calls of the healthy connector beside it that failed. */
  readonly besideFailed: number;
}

export interface Scene {
  readonly host: DoomedHost;
  readonly targets: JsonObject;
  /** Signals a process; throws where there is none, as `process.kill` does. */
  readonly kill: (pid: number, signal: NodeJS.Signals | 0) => void;
}

/** Lets a connector do it, and looks at what comes of it. */
export async function observe(fault: Fault, scene: Scene): Promise<Observation> {
  const { host } = scene;
  const failedBefore = host.failures;
  if (fault.source === undefined) await call(fault, scene, 'fine');
  const begunAt = performance.now();
  const seen = await look(fault, scene);
  const tookMs = performance.now() - begunAt;
  const lost = await losesHost(host);
  if (lost !== undefined) {
    const outcome = seen.startsWith('= ') ? seen.slice(2) : `host lost: ${lost}`;
    return { outcome, tookMs, hostLives: seen.startsWith('= '), besideFailed: 0 };
  }
  const nextMs = fault.source === undefined && fault.look === undefined ? await nextAnswer(fault, scene) : undefined;
  const lostLater = await losesHost(host);
  return {
    outcome: lostLater === undefined ? seen : `host lost: ${lostLater}`,
    tookMs,
    ...(nextMs === undefined ? {} : { nextMs }),
    hostLives: lostLater === undefined,
    besideFailed: host.failures - failedBefore,
  };
}

/** How the host was lost; undefined where it answers. */
async function losesHost(host: DoomedHost): Promise<string | undefined> {
  if (!(await host.hasEnded(100)) && (await host.answers())) return undefined;
  // A caller is told of a lost connection before the system tells of a lost process.
  return (await host.hasEnded(5000)) ? host.end : 'it stands still';
}

/** In words that hold from run to run. */
async function look(fault: Fault, scene: Scene): Promise<string> {
  switch (fault.look) {
    case undefined:
      return attempt(fault, scene);
    case 'health':
      return tellHealth(fault, scene);
    case 'log':
      return tellLog(fault, scene);
    case 'descriptors':
      return tellDescriptors(fault, scene);
    case 'left':
      return tellLeft(fault, scene);
    case 'host-killed':
    case 'host-killed-spinning':
      return tellOrphan(fault, scene);
    case 'marks':
      return tellMarks(fault, scene);
    case 'idle':
      return tellIdle(fault, scene);
    default:
      return fault.look satisfies never;
  }
}

/** What cannot be loaded is asked for anything. */
const actionOf = ({ name, source }: Fault): string => (source === undefined ? name : 'fine');

async function attempt(fault: Fault, scene: Scene, action = actionOf(fault)): Promise<string> {
  try {
    const answer = await call(fault, scene, action);
    return typeof answer === 'string' ? answer : 'answered, by the rules of JSON';
  } catch (error) {
    return tellError(ConnectorError.from(error), fault);
  }
}

function tellError({ code, details, effect }: ConnectorError, { either }: Fault): string {
  const reason = details?.reason;
  const told =
    typeof reason === 'string' ? (either?.includes(reason) === true ? either.join(' or ') : reason) : undefined;
  return `${code}${told === undefined ? '' : ` ${told}`} (${effect})`;
}

async function call(fault: Fault, { host, targets }: Scene, action = fault.name, id = fault.name): Promise<JsonValue> {
  const { result } = await host.service.execute(
    { id, action, payload: { ...targets, hostPid: host.pid } },
    // Beyond the call's own time: where that says nothing, the host does not.
    { signal: AbortSignal.timeout((fault.timeoutMs ?? 30_000) + 3000) },
  );
  return result;
}

async function nextAnswer(fault: Fault, scene: Scene): Promise<number | undefined> {
  const begunAt = performance.now();
  while (performance.now() - begunAt < NEXT_MS && scene.host.end === undefined) {
    try {
      await call(fault, scene, 'fine');
      return performance.now() - begunAt;
    } catch {
      await delay(20);
    }
  }
  return undefined;
}

/** Each time that it is asked it says something else. */
async function tellHealth({ name }: Fault, { host }: Scene): Promise<string> {
  const counts = new Map<string, number>();
  for (let n = 0; n < 8; n += 1) {
    const { healthy, blame } = await host.service.healthCheck(name);
    const word = healthy ? 'healthy' : `unhealthy, blame ${blame}`;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return [...counts].map(([word, times]) => `${times} × ${word}`).join('; ');
}

async function tellLog(fault: Fault, scene: Scene): Promise<string> {
  await attempt(fault, scene);
  await delay(500);
  const forged = scene.host.lines.filter((line) => line.includes('forged'));
  if (forged.length === 0) return 'not in the log';
  const owner = (line: string): unknown => {
    try {
      return (JSON.parse(line) as { readonly connector?: unknown }).connector;
    } catch {
      return undefined;
    }
  };
  return forged.some((line) => owner(line) === 'beside') ? 'taken for the other’s' : 'told as its own';
}

async function tellDescriptors(fault: Fault, scene: Scene): Promise<string> {
  const count = (): number => readdirSync(`/proc/${scene.host.pid}/fd`).length;
  if (!existsSync('/proc/self/fd')) return 'not seen on this system';
  const before = count();
  await attempt(fault, scene);
  return count() - before > 100 ? 'they are the host’s' : 'they are none of the host’s';
}

/** A program that it started, once its worker has ended. */
async function tellLeft(fault: Fault, scene: Scene): Promise<string> {
  const pid = await call(fault, scene).catch((error: unknown) => tellError(ConnectorError.from(error), fault));
  if (typeof pid !== 'number') return typeof pid === 'string' ? pid : 'no program';
  await attempt(fault, scene, 'exit');
  const gone = await isGone(pid, scene);
  if (!gone) scene.kill(pid, 'SIGKILL');
  return gone ? 'it ends with its worker' : 'it lives on';
}

/** The worker of a host that was killed. */
async function tellOrphan(fault: Fault, scene: Scene): Promise<string> {
  const pid = (await call(fault, scene, 'pid')) as number;
  if (fault.look === 'host-killed-spinning') {
    call(fault, scene, 'loop').catch(() => {});
    await delay(300);
  }
  scene.host.kill();
  await scene.host.hasEnded(10_000);
  const gone = await isGone(pid, scene);
  if (!gone) scene.kill(pid, 'SIGKILL');
  return gone ? '= it ends with its host' : '= it lives on';
}

async function isGone(pid: number, { kill }: Scene): Promise<boolean> {
  for (let n = 0; n < 40; n += 1) {
    try {
      kill(pid, 0);
    } catch {
      return true;
    }
    await delay(50);
  }
  return false;
}

async function tellMarks(fault: Fault, scene: Scene): Promise<string> {
  await attempt(fault, scene);
  const mark = await call(fault, scene, 'mark', 'beside').catch(() => 'no answer');
  return mark === 'nothing' ? 'seen by no other' : `another sees it: ${JSON.stringify(mark)}`;
}

/** What it does once its call was answered shows in a crash of its worker. */
async function tellIdle(fault: Fault, scene: Scene): Promise<string> {
  const answer = await attempt(fault, scene);
  const end = performance.now() + 20_000;
  while (performance.now() < end && scene.host.end === undefined) {
    const line = scene.host.lines.find((text) => text.includes(`"${fault.name}"`) && /was lost|crash/.test(text));
    if (line !== undefined) return 'its worker is replaced';
    await delay(50);
  }
  return answer;
}
