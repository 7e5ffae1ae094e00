import { z } from 'zod';

/** A moment. */
export const moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, 'expected a time such as 2026-01-31T12:00:00Z')
  .refine((text) => !Number.isNaN(Date.parse(text)), 'expected a time that exists');

/** A span's length, as Go writes it. */
export const duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/, 'expected a duration such as 250ms or 1.5s');

const SECONDS_OF: Readonly<Record<string, number>> = { ns: 1e-9, us: 1e-6, ms: 1e-3, s: 1, m: 60, h: 3600 };

/** A duration in seconds, the one unit that Go and protobuf both read. */
export function toSeconds(text: string | undefined): string | undefined {
  if (text === undefined) return undefined;
  const parts = [...text.matchAll(/([\d.]+)(ns|us|ms|s|m|h)/g)];
  const seconds = parts.reduce((sum, [, count, unit]) => sum + Number(count) * (SECONDS_OF[unit ?? ''] ?? 0), 0);
  return `${seconds.toFixed(9).replace(/\.?0+$/, '')}s`;
}
