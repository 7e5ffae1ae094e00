import { action } from '@automate/sdk';
import { exchange, exchangeInput, exchangeOutput } from '@automate/sdk/exchange';
import { z } from 'zod';

const input = z.strictObject(exchangeInput);

/** A GET, which by HTTP's own rules changes nothing and may be repeated. */
export const get = action({
  description: 'Reads with GET and gives the answer: status, headers, and the body as JSON, text or base64.',
  input,
  output: exchangeOutput,
  sideEffects: false,
  idempotent: true,
  run: (payload, { http }) => exchange((request) => http.request(request), 'GET', payload),
});
