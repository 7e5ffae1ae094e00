import { z } from 'zod';

/** Without what is undefined, which JSON does not know. */
export function defined<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as T;
}

export const time = z.string().optional().describe('RFC 3339');

/** The gateway counts milliseconds since the epoch. */
export function toTime(ms: number | null | undefined): string | undefined {
  return ms === undefined || ms === null ? undefined : new Date(ms).toISOString();
}
