import { z } from 'zod';

/** Without what is undefined, which JSON does not know. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}

export const time = z.string().optional().describe('RFC 3339');

/** The gateway counts milliseconds since the epoch. What is no time that JavaScript knows is left out. */
export function toTime(ms: number | null | undefined): string | undefined {
  const time = new Date(ms ?? Number.NaN);
  return Number.isNaN(time.getTime()) ? undefined : time.toISOString();
}
