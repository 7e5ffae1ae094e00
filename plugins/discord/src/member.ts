import { z } from 'zod';

/** A user in a server. */
export const member = z.object({
  user: z.object({
    id: z.string(),
    username: z.string(),
    global_name: z.string().nullish(),
    bot: z.boolean().optional(),
  }),
  nick: z.string().nullish(),
  roles: z.array(z.string()).describe('Ids of roles'),
  joined_at: z.string().nullish(),
});
