import { z } from 'zod';

/** A moment. */
export const moment = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, 'expected a time such as 2026-01-31T12:00:00Z');

/** A span's length, as Jaeger's Go reads it. */
export const duration = z
  .string()
  .regex(/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/, 'expected a duration such as 250ms or 1.5s');
