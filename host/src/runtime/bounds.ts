import { MAX_PAYLOAD_BYTES, MAX_RESULT_DEPTH } from '@automate/contract';
import type { JsonLimits } from '@automate/contract/json-text';

// How much a connector may say of each thing. The worker keeps to it; the host holds it to that, whatever comes.

/** Characters of an error's message, of a health check's, of what ended a worker. What was cut says how long it was besides. */
export const MESSAGE_LENGTH = 4096;
/** Of one stack, of which a cause may have another. */
export const STACK_LENGTH = 2 * MESSAGE_LENGTH;
export const NAME_LENGTH = 128;
/** Of an error's details, and of its problems. */
export const DETAIL_LIMITS: JsonLimits = { bytes: 16 * 1024, depth: 16 };
/** Of an error as a whole, or of what ended a worker: all of the above, each character escaped. */
export const FAILURE_LENGTH = 256 * 1024;
/** Of a log line, and of its fields, which may be the stacks of an error and its causes. */
export const LINE_LENGTH = 8 * 1024;
export const FIELDS_LENGTH = 256 * 1024;
/** Of what an adapter says of itself, and of a result. */
export const RESULT_LIMITS: JsonLimits = { bytes: MAX_PAYLOAD_BYTES, depth: MAX_RESULT_DEPTH };
/** Of the schema of a kind's settings, which the host looks through for each of them. */
export const SETTINGS_SCHEMA_LIMITS: JsonLimits = { bytes: 128 * 1024, depth: MAX_RESULT_DEPTH };
/** Of secrets that a connector obtained at one time, as JSON. */
export const SECRETS_LENGTH = 256 * 1024;
