import { action } from '@automate/sdk';
import { z } from 'zod';
import { exchange } from '../http-exchange.ts';
import { exchangeInput, exchangeOutput } from '../schemas.ts';

const input = z.strictObject(exchangeInput);

/** A GET, which by HTTP's own rules changes nothing and may be repeated. */
export const get = action({
  description: 'Reads with GET and gives the answer: status, headers, and the body as JSON, text or base64.',
  input,
  output: exchangeOutput,
  sideEffects: false,
  idempotent: true,
  run: (payload, { http }) => exchange(http, 'GET', payload),
});
