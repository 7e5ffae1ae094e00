import { z } from 'zod';

/** A thread. It is a channel of its own. */
export const thread = z.object({
  id: z.string().describe('Also the `channel_id` of its messages'),
  name: z.string(),
  parent_id: z.string().optional().describe('Id of its channel'),
  archived: z.boolean(),
  locked: z.boolean(),
  message_count: z.int().optional(),
});

export const threadAnswer = z.object({
  id: z.string(),
  name: z.string(),
  parent_id: z.string().nullish(),
  message_count: z.int().nullish(),
  thread_metadata: z.object({ archived: z.boolean().optional(), locked: z.boolean().optional() }).optional(),
});

export function toThread(data: z.output<typeof threadAnswer>): z.output<typeof thread> {
  const { id, name, parent_id: parent, message_count: count, thread_metadata: state } = data;
  return {
    id,
    name,
    ...(typeof parent === 'string' ? { parent_id: parent } : {}),
    archived: state?.archived ?? false,
    locked: state?.locked ?? false,
    ...(typeof count === 'number' ? { message_count: count } : {}),
  };
}
