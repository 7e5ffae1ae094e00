import { InvalidInputError } from '@automate/sdk';

/** What is wrong with an input: where, what was expected there and what was found. */
export interface WrongInput {
  readonly path: string;
  readonly expected: string;
  readonly received?: string;
  /** For `details`. Default: `parameters`. */
  readonly reason?: string;
}

export function wrongInput({ path, expected, received, reason }: WrongInput): InvalidInputError {
  const ending = received === undefined ? '' : `, received ${received}`;
  return new InvalidInputError(`${path}: expected ${expected}${ending}`, {
    problems: [{ path, expected, received: received ?? 'another value' }],
    details: reason === undefined ? { reason: 'parameters' } : { reason },
  });
}

/** For another number of parameters than the statement has. */
export const wrongCount = (expected: number, received: number): InvalidInputError =>
  wrongInput({ path: 'params', expected: `${expected} values`, received: `${received}` });
