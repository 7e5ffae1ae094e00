import { ConnectorError, InvalidInputError } from '@automate/sdk';
import type { HttpClient, HttpRequest } from '@automate/sdk';
import { withEffect } from '@automate/sdk/exchange';
import type { z } from 'zod';

/**
 * Asks the Alertmanager of a call and checks the shape of what it answers.
 *
 * @param request its path begins with `/api/v2/`
 * @param payload the call's own, with the fields that the kind has added to every input
 * @throws NotFoundError only where the Alertmanager itself says that there is no such silence
 */
export type AskAlertmanager = <S extends z.ZodType>(
  http: HttpClient,
  request: HttpRequest,
  schema: S,
  payload: Readonly<Record<string, unknown>>,
) => Promise<z.output<S>>;

/** The same, of one call. */
export type Ask = <S extends z.ZodType>(request: HttpRequest, schema: S) => Promise<z.output<S>>;

/** More than a result may have: `limit` cuts what the server, which knows no such parameter, sends whole. */
const MAX_READ_MIB = 8;

/**
 * Asks for something that changes nothing.
 *
 * @param narrow what a caller can ask for instead where the answer is too long
 */
export async function askAlertmanager<S extends z.ZodType>(
  ask: Ask,
  request: HttpRequest,
  schema: S,
  narrow: string,
): Promise<z.output<S>> {
  try {
    return await ask({ ...request, maxBytes: MAX_READ_MIB * 1024 * 1024 }, schema);
  } catch (error) {
    if (!ConnectorError.is(error)) throw error;
    if (error.details?.['reason'] !== 'answer_too_large') throw withEffect(error, 'none');
    throw new InvalidInputError(`the answer is longer than ${MAX_READ_MIB} MiB; ask for ${narrow}`, {
      details: { reason: 'answer_too_large' },
    });
  }
}
