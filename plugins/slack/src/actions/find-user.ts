import { action } from '@automate/sdk';
import { z } from 'zod';
import { parseAnswer, toUser, user, userAnswer } from '../outputs.ts';
import type { SlackClient } from '../slack-client.ts';

const input = z
  .strictObject({
    email: z.email().optional().describe('Address of the user'),
    id: z.string().min(1).optional().describe('Id of the user'),
  })
  .refine(({ email, id }) => (email === undefined) !== (id === undefined), { error: 'expected either email or id' })
  .meta({ oneOf: [{ required: ['email'] }, { required: ['id'] }] });

const output = z.object({ user });

/** Finds one user. */
export const findUser = (slack: SlackClient) =>
  action({
    description: 'Finds a user by email address or by id; NOT_FOUND where there is none.',
    input,
    output,
    sideEffects: false,
    idempotent: true,
    rateLimitClass: 'users',
    async run({ email, id }, { http }) {
      const method = email === undefined ? 'users.info' : 'users.lookupByEmail';
      const answer = await slack.call(http, method, email === undefined ? { user: id } : { email });
      return { user: toUser(parseAnswer(userAnswer, answer, method).user) };
    },
  });
