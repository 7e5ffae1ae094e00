import { z } from 'zod';

/** The settings of an OpenClaw connector. Where the gateway is and who asks are `host`, `port`, `scheme`, `base_path` and `auth`. */
export const configSchema = z.strictObject({
  agent_id: z.string().min(1).optional().describe("The agent of runs that name none. Default: the gateway's own"),
});

export type OpenClawSettings = z.output<typeof configSchema>;
