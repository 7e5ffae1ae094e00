import type { ActionDefinition } from '@automate/sdk';
import { z } from 'zod';
import type { DiscordClient } from './discord-client.ts';

/** Something that is there or not, and where. */
interface Toggle<I extends z.ZodObject> {
  readonly input: I;
  readonly path: (payload: z.output<I>) => string;
  readonly rateLimitClass: string;
}

/** An action that puts it there or takes it away; twice is the same as once. */
export function putOrDelete<I extends z.ZodObject>(
  discord: DiscordClient,
  { input, path, rateLimitClass }: Toggle<I>,
  {
    method,
    description,
    what,
    done,
  }: {
    readonly method: 'PUT' | 'DELETE';
    readonly description: string;
    readonly what: string;
    /** The field of the result that says so. */
    readonly done: string;
  },
): ActionDefinition<z.output<I>> {
  return {
    description,
    input,
    output: z.object({ [done]: z.boolean() }),
    sideEffects: true,
    idempotent: true,
    idempotencyKey: false,
    rateLimitClass,
    async run(payload, { http }) {
      await discord.send(http, { method, path: path(payload), what, schema: z.undefined() });
      return { [done]: true };
    },
  };
}
