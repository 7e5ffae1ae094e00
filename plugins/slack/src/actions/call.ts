import { action, InvalidInputError } from '@automate/sdk';
import { z } from 'zod';
import { jsonValue } from '../message.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z.strictObject({
  method: z
    .string()
    .regex(/^[a-z]+(\.[A-Za-z]+)+$/, 'expected the name of a Web API method, such as conversations.rename')
    .describe('A method of the Web API, e.g. `conversations.rename`'),
  parameters: z.record(z.string(), jsonValue).default({}).describe('Its arguments; lists and objects are sent as JSON'),
});
const output = z.object({ answer: z.looseObject({}).describe("Slack's whole answer") });

/** Any method of the Web API. */
export const call = (slack: SlackClient) =>
  action({
    description:
      "Calls any method of Slack's Web API with the connector's credentials, for what has no action of its own.",
    input,
    output,
    sideEffects: true,
    idempotent: false,
    async run({ method, parameters }, { http }) {
      if (Object.hasOwn(parameters, 'token'))
        throw new InvalidInputError("parameters.token: the connector's own credentials are used; leave it out", {
          problems: [{ path: 'parameters.token', expected: 'nothing', received: 'a token' }],
        });
      return { answer: await slack.call(http, method, parameters) };
    },
  });
