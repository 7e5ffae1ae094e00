import { action } from '@automate/sdk';
import { z } from 'zod';
import { answerWith } from '../answer.ts';
import { askJaeger } from '../jaeger-client.ts';

const output = z.object({ services: z.array(z.string()) });
/** Nothing at all where there are none. */
export const services = answerWith({ services: z.array(z.string()).nullish() });

/** Services that have sent spans. */
export const listServices = action({
  description: 'Lists the services that have sent spans.',
  input: z.strictObject({}),
  output,
  sideEffects: false,
  idempotent: true,
  async run(_payload, { http }) {
    const answer = await askJaeger(http, '/api/v3/services', {}, services);
    return { services: answer.services ?? [] };
  },
});
