import type { LoggedRecord } from '../events/host-events.ts';
import type { LogFields } from './host-log.ts';

/** Names that facts of the log and of the host have in a line, by which its readers tell what it is about. */
const OWN_NAMES: ReadonlySet<string> = new Set([
  'level',
  'time',
  'msg',
  'connector',
  'source',
  'event',
  'reason',
  'blame',
  'err',
  'problems',
  'fields',
]);

/**
 * A connector's record as fields of a line. Its own fields stand beside the log's, or, where one of them has a name that the
 * host's lines use, all under `fields`: nobody writes in another's name. What the runtime itself has to say is the host's.
 */
export function recordFields({ connector, source, fields = {} }: Omit<LoggedRecord, 'level' | 'message'>): LogFields {
  return source !== 'host' && Object.keys(fields).some((name) => OWN_NAMES.has(name))
    ? { connector, source, fields }
    : { connector, source, ...fields };
}
