import { z } from 'zod';

/**
 * The schema of an answer whose fields may all be missing. Fields that are not known pass, as newer versions have more of
 * them; an answer that has no other fields is somebody else's.
 */
export function answerWith<S extends z.ZodRawShape>(shape: S) {
  const known = Object.keys(shape);
  return z
    .looseObject(shape)
    .refine((answer) => Object.keys(answer).length === 0 || known.some((name) => Object.hasOwn(answer, name)), {
      error: `expected ${known.join(' or ')}`,
    });
}
