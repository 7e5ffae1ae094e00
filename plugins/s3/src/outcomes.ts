import { createConnectorError } from '@automate/sdk';
import type { ConnectorError, OutcomeRule } from '@automate/sdk';
import { MEANING_OF_NAME } from './s3-error.ts';

/** What the errors of this kind mean, where that is not what their codes mean everywhere. */
export const outcomes: readonly OutcomeRule[] = [
  {
    when: `S3 says that it has done nothing and may do it later: ${named(({ effect, retryable }) => effect === 'none' && retryable)}, 307`,
    effect: 'none',
    retried: true,
  },
  {
    when: `S3 refuses: ${named(({ effect, retryable }) => effect === 'none' && !retryable)}, any other 4xx in its words`,
    effect: 'none',
    retried: false,
  },
  {
    when: `S3 failed while it was at it: ${named(({ effect }) => effect === 'maybe')}, \`InternalError\`, any other 5xx, also within an answer of 200 (CopyObject)`,
    effect: 'maybe',
    retried: true,
  },
  {
    when: 'the service cannot be reached, or its certificate is not trusted',
    effect: 'none',
    retried: 'if `retryable`',
  },
  {
    when: 'the connection broke, or the time was over, before there was an answer (TRANSIENT_NETWORK, TIMEOUT)',
    effect: 'maybe',
    retried: true,
  },
  {
    when: "an answer that is not S3's: a web page, a 404 of a gateway, XML without its end (`bad_answer`)",
    effect: 'maybe',
    retried: false,
  },
  {
    when: 'a condition of a write does not hold for an attempt after one that may have written (`precondition_failed`)',
    effect: 'maybe',
    retried: false,
  },
  {
    when: 'delete_objects deleted some and left some (`partly_deleted`)',
    effect: 'maybe',
    retried: 'if waiting may help all that are left',
  },
  {
    when: 'upload_file or upload_from_url failed before S3 was asked to put the parts together; S3 has dropped them',
    effect: 'none',
    retried: 'if `retryable`',
  },
  {
    when: 'S3 was asked to put the parts together, and nobody knows whether it did; parts that it had not were dropped',
    effect: 'maybe',
    retried: true,
  },
  {
    when: 'the parts of an upload that failed could not be taken back; they are kept as `details.upload_id`',
    effect: 'maybe',
    retried: 'if `retryable`',
  },
  {
    when: 'download_file failed: its file appears whole or not at all',
    effect: 'none',
    retried: 'if `retryable`',
  },
];

/** S3's words whose meaning is of a kind. */
function named(isOfKind: (error: ConnectorError) => boolean): string {
  return Object.entries(MEANING_OF_NAME)
    .filter(([, { code, reason: _, ...traits }]) => isOfKind(createConnectorError(code, '', traits)))
    .map(([name]) => `\`${name}\``)
    .join(', ');
}
