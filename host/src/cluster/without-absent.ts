import type { CallOptions } from '@automate/contract';

/** Options of a call without those that are not given, which are told apart from ones that are undefined. */
export function withoutAbsent(options: {
  readonly [Name in keyof CallOptions]: CallOptions[Name] | undefined;
}): CallOptions {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}
