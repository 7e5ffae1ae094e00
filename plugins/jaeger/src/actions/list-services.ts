import { action } from '@automate/sdk';
import { z } from 'zod';
import { askJaeger } from '../jaeger-client.ts';

const output = z.object({ services: z.array(z.string()) });
const answer = z.strictObject({ services: z.array(z.string()).nullish() });

/** Services that have sent spans. */
export const listServices = action({
  description: 'Lists the services that have sent spans.',
  input: z.strictObject({}),
  output,
  sideEffects: false,
  idempotent: true,
  async run(_payload, { http }) {
    const { services } = await askJaeger(http, '/api/v3/services', {}, answer);
    return { services: services ?? [] };
  },
});
