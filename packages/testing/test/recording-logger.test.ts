import { expect, it } from '@jest/globals';
import { createRecordingLogger } from '@automate/testing';

it('a recording logger keeps level, message and fields in order', () => {
  const logger = createRecordingLogger();
  logger.info('started');
  logger.error('failed', { attempt: 2 });
  expect(logger.records).toEqual([
    { level: 'info', message: 'started', fields: {} },
    { level: 'error', message: 'failed', fields: { attempt: 2 } },
  ]);
  logger.clear();
  expect(logger.records).toEqual([]);
});
