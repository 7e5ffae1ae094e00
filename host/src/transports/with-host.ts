import type { CallOptions, HostCallOptions, HostFilter } from '@automate/contract';

/** The same options with the host that is asked alone; as they are where none is named. */
export function withHost(options: CallOptions, { host }: HostFilter): HostCallOptions {
  if (host === undefined) return options;
  const { signal } = options;
  // By name, as a door's options have a signal that is made when it is asked for.
  return { ...options, ...(signal === undefined ? {} : { signal }), host };
}
