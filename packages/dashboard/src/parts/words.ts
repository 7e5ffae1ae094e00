import type { ProblemDocument } from '@automate/contract/http';
import type { BlameReport, ConnectorInfo } from '../api/types.ts';

/** Who must act, as the page says it. */
export const BLAME_WORDS: Readonly<Record<ProblemDocument['blame'], string>> = {
  caller: 'Whoever called',
  operator: 'Operator of this host',
  plugin: "Plugin's author",
  remote: 'Remote system',
};

export const STATUS_WORDS: Readonly<Record<ConnectorInfo['status'], string>> = {
  healthy: 'Healthy',
  unhealthy: 'Unhealthy',
  unavailable: 'Unavailable',
  unknown: 'Not checked',
};

/** What kind of trouble it is. */
export const FAULT_WORDS: Readonly<Record<BlameReport['entries'][number]['fault'], string>> = {
  crashes: 'Crashes',
  memory_growth: 'Memory grows',
  cpu: 'Keeps a processor busy',
  blocked_threads: 'Blocked threads',
  unhealthy: 'Unhealthy',
  timeouts: 'Calls time out',
  errors: 'Calls fail',
  slow_calls: 'Slow calls',
  held_back: 'Held back',
};

export const OWNER_WORDS: Readonly<Record<ConnectorInfo['owner'], string>> = {
  file: 'File',
  api: 'API',
  plugin: 'Plugin',
};

const NUMBERS = new Intl.NumberFormat('en');

export function formatCount(count: number): string {
  return NUMBERS.format(count);
}

/** `85 MB` */
export function formatMegabytes(bytes: number): string {
  return `${Math.round(bytes / 1_048_576)} MB`;
}

/** `3.2 ms`, `1.4 s` */
export function formatMs(ms: number): string {
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`;
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Number((ms / 1_000).toFixed(1))} s`;
}

/** `4 s`, `12 min`, `3 h`, `5 days`, for a time that has passed. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 48 * 3_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
