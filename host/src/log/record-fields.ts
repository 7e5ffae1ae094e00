import type { LoggedRecord } from '../events/host-events.ts';
import type { LogFields } from './host-log.ts';

/** Names that the log's own facts have in a line. */
const OWN_NAMES = ['level', 'time', 'msg', 'connector', 'source'];

/**
 * A connector's record as fields of a line. Its own fields stand beside the log's, or, where they would hide those, under
 * `fields`: nobody writes in another connector's name.
 */
export function recordFields({ connector, source, fields = {} }: Omit<LoggedRecord, 'level' | 'message'>): LogFields {
  return OWN_NAMES.some((name) => Object.hasOwn(fields, name))
    ? { connector, source, fields }
    : { connector, source, ...fields };
}
