import { ConnectorError } from '@automate/sdk';
import type { ActionDefinition, CallContext } from '@automate/sdk';
import { z } from 'zod';
import type { PrometheusAnswer, PrometheusApi, PrometheusRequest } from './prometheus-api.ts';
import { answerTooLong, MAX_RESULT_MIB } from './prometheus-error.ts';
import { tenantField } from './tenant.ts';

const MAX_RESULT_BYTES = MAX_RESULT_MIB * 1024 * 1024;

/** Asks the server in the name of the call's tenant. */
export type Ask = <S extends z.ZodType>(
  request: Omit<PrometheusRequest<S>, 'tenant'>,
) => Promise<PrometheusAnswer<z.output<S>>>;

/**
 * An action that asks the server for something and changes nothing.
 *
 * @param definition.narrow what a caller can ask for instead where the answer is too long
 */
export function readAction<I extends z.core.$ZodShape, O extends z.ZodType>(
  api: PrometheusApi,
  definition: {
    readonly description: string;
    readonly input: I;
    readonly output: O;
    readonly narrow: string;
    readonly run: (payload: z.output<z.ZodObject<I>>, ask: Ask) => Promise<z.input<O>>;
  },
): ActionDefinition {
  const { description, input, output, narrow, run } = definition;
  return {
    description,
    input: z.strictObject({ ...input, tenant: tenantField }),
    output,
    sideEffects: false,
    idempotent: true,
    async run(payload: z.output<z.ZodObject<I>> & { readonly tenant?: string | undefined }, { http }: CallContext) {
      let bytes = 0;
      const ask: Ask = async (request) => {
        try {
          const answer = await api.ask(http, { ...request, tenant: payload.tenant });
          bytes = answer.bytes;
          return answer;
        } catch (error) {
          const long = ConnectorError.is(error) && error.details?.['reason'] === 'answer_too_large';
          throw long ? answerTooLong(narrow) : error;
        }
      };
      const result = await run(payload, ask);
      // Filters may have cut a long answer down.
      if (bytes > MAX_RESULT_BYTES && JSON.stringify(result).length > MAX_RESULT_BYTES) throw answerTooLong(narrow);
      return result;
    },
  };
}
