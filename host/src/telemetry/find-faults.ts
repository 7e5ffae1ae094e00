import type { Blame, BlameEntry } from '@automate/contract';
import type { CallsBetween } from './usage.ts';
import { livesOf, memoryGrowth, presentLife, slowerThan, usageOf } from './usage.ts';
import type { ConnectorObservation } from './host-metrics.ts';
import type { Sample } from './sampler.ts';

/** One sort of trouble that a connector makes now. */
export type Finding = Pick<BlameEntry, 'fault' | 'blame' | 'amount' | 'message'>;

export interface Looks {
  /** Those of the window, by which rates are told. */
  readonly window: readonly Sample[];
  /** All that are kept. */
  readonly all: readonly Sample[];
  /** The calls that ended in the window. */
  readonly calls: CallsBetween;
  /** Milliseconds of a worker's life in which it fills with what it keeps. */
  readonly warmUpMs: number;
}

const MB = 1024 * 1024;
/** Growth that garbage between two collections does not make, in bytes a minute. */
const GROWTH = 10 * MB;
/** Of a processor, beyond which a worker is busy. */
const BUSY = 0.1;
/** Milliseconds of processor time that a call may cost without being worth a word. */
const COSTLY_MS = 20;
/** Seconds beyond which a call is slow; one of the bounds of the buckets. */
const SLOW_S = 2.5;

/** What is wrong with a connector by how it does now; what ended workers is remembered elsewhere. */
export function findFaults(connector: ConnectorObservation, looks: Looks): readonly Finding[] {
  return [
    ...growing(connector, looks),
    ...busy(connector, looks),
    ...blocked(connector),
    ...unhealthy(connector),
    ...failing(connector, looks),
    ...slow(connector, looks),
    ...heldBack(connector),
  ];
}

/** One that was ended for its memory grows as the one before it did, which was looked at for longer. */
function growing({ id, memoryBytes, memoryLimitBytes }: ConnectorObservation, looks: Looks): readonly Finding[] {
  const growth = Math.max(0, ...livesOf(looks.all).map((life) => memoryGrowth(life, looks.warmUpMs)));
  if (growth < GROWTH) return [];
  const left = Math.max(0, memoryLimitBytes - memoryBytes) / growth;
  const message = `the worker of "${id}" grows by ${inMb(growth)} a minute: it holds ${inMb(memoryBytes)} of ${inMb(memoryLimitBytes)}, and is ended in about ${inWords(left * 60_000)}; its code keeps what it no longer needs`;
  return [{ fault: 'memory_growth', blame: 'plugin', amount: Math.round(growth), message }];
}

function busy({ id, inFlight }: ConnectorObservation, { window, calls }: Looks): readonly Finding[] {
  const { cpuShare = 0, loopUtilization = 0, spanMs = 0 } = usageOf(presentLife(window)) ?? {};
  // On a machine that is short of processors a loop that never rests is given little of one.
  const share = Math.max(cpuShare, loopUtilization);
  const perCall = (share * spanMs) / calls.count;
  if (share < BUSY || perCall < COSTLY_MS) return [];
  const doing =
    calls.count > 0
      ? `for ${counted(calls.count, 'call')}, ${inWords(perCall)} each`
      : inFlight > 0
        ? `while ${counted(inFlight, 'call')} did not end`
        : 'while nobody called it';
  const message = `the worker of "${id}" was busy for ${percent(share)} of the last ${inWords(spanMs)} and used ${percent(cpuShare)} of a processor, ${doing}`;
  return [{ fault: 'cpu', blame: 'plugin', amount: rounded(share), message }];
}

function blocked({ id, abandonedThreads }: ConnectorObservation): readonly Finding[] {
  if (abandonedThreads === 0) return [];
  const message = `${counted(abandonedThreads, 'thread')} of "${id}" hang in code outside JavaScript and cannot be ended: run it with "isolation: process", and start the host again`;
  return [{ fault: 'blocked_threads', blame: 'operator', amount: abandonedThreads, message }];
}

function unhealthy({ id, status, message, blame, consecutiveFailures }: ConnectorObservation): readonly Finding[] {
  if (status !== 'unhealthy') return [];
  return [
    {
      fault: 'unhealthy',
      blame: blame ?? 'operator',
      amount: consecutiveFailures,
      message: `"${id}" is unhealthy: ${message}`,
    },
  ];
}

/** One entry for what timed out, and one for whoever must act on the rest. What somebody meant to fail is nobody's fault. */
function failing({ id }: ConnectorObservation, { calls: { count, errors } }: Looks): readonly Finding[] {
  return (['timeouts', 'errors'] as const).flatMap((fault) =>
    PARTIES.flatMap((blame): readonly Finding[] => {
      const own = errors
        .filter((error) => error.blame === blame && (error.code === 'TIMEOUT') === (fault === 'timeouts'))
        .map(({ code, value, intended }) => ({ code, value: value - intended }))
        .filter(({ value }) => value > 0);
      const amount = own.reduce((sum, { value }) => sum + value, 0);
      if (amount === 0) return [];
      const codes = own.map(({ code, value }) => `${code} ${value}`).join(', ');
      const end = fault === 'timeouts' ? 'had no answer in time' : `failed (${codes})`;
      return [
        { fault, blame, amount, message: `${amount} of ${counted(count, 'call')} of "${id}" ${end}: ${DUTIES[blame]}` },
      ];
    }),
  );
}

const PARTIES = ['plugin', 'remote', 'operator', 'caller'] as const satisfies readonly Blame[];

const DUTIES: Readonly<Record<Blame, string>> = {
  caller: 'whoever calls must ask for something else',
  operator: 'the operator must correct how it is set up',
  plugin: "the plugin's author must correct its code",
  remote: 'the remote system, or the way to it, fails',
};

function slow({ id }: ConnectorObservation, { calls, window }: Looks): readonly Finding[] {
  const amount = slowerThan(calls.buckets, SLOW_S);
  if (amount === 0) return [];
  const { cpuShare = 0 } = usageOf(presentLife(window)) ?? {};
  const blame = cpuShare < BUSY ? 'remote' : 'plugin';
  const doing = blame === 'remote' ? 'its worker mostly waited' : 'its worker computed';
  const message = `${amount} of ${counted(calls.count, 'call')} of "${id}" took longer than ${SLOW_S} s; ${doing} meanwhile`;
  return [{ fault: 'slow_calls', blame, amount, message }];
}

function heldBack({ id, heldBack: reason }: ConnectorObservation): readonly Finding[] {
  if (reason === undefined) return [];
  return [{ fault: 'held_back', blame: 'operator', amount: 1, message: `"${id}" goes on as it was: ${reason}` }];
}

/** `1 call`, `3 calls`. */
export function counted(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

function inMb(bytes: number): string {
  return `${Math.round(bytes / MB)} MB`;
}

function inWords(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} minutes`;
}

/** To what is worth telling. */
export function rounded(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
