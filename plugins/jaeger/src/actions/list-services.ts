import { action } from '@automate/sdk';
import type { HttpClient } from '@automate/sdk';
import { z } from 'zod';
import { askJaeger } from '../jaeger-client.ts';

const output = z.object({ services: z.array(z.string()) });

/** The services that Jaeger knows, which takes its storage and our credentials. */
export const readServices = (http: HttpClient): Promise<string[]> =>
  askJaeger(http, { path: '/api/v3/services', list: 'services', item: z.string() });

/** Services that have sent spans. */
export const listServices = action({
  description: 'Lists the services that have sent spans.',
  input: z.strictObject({}),
  output,
  sideEffects: false,
  idempotent: true,
  async run(_payload, { http }) {
    return { services: await readServices(http) };
  },
});
