import { action, ConnectorAdapter } from '@automate/sdk';
import { z } from 'zod';

/** Sends whatever request it is told to. */
export class AskingAdapter extends ConnectorAdapter {
  name = 'notes';
  version = '1.0.0';
  override actions = {
    ask: action({
      description: 'Sends a request and gives what came back.',
      input: z.object({
        method: z.enum(['GET', 'POST', 'DELETE']).default('GET'),
        path: z.string(),
        query: z.record(z.string(), z.string()).default({}),
        headers: z.record(z.string(), z.string()).default({}),
        json: z.json().optional(),
      }),
      sideEffects: true,
      idempotent: false,
      run: async ({ json, ...request }, { http }) => {
        const answer = await http.request({ ...request, ...(json === undefined ? {} : { json }), accept: () => true });
        return { status: answer.status, text: answer.text(), link: answer.headers['link'] ?? null };
      },
    }),
  };
  async connect(): Promise<boolean> {
    return true;
  }
}
