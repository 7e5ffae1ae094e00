import { answerBatches } from './answer-batches.ts';
import { openExecutionTable } from './execution-table.ts';

// The thread that writes executions: what waits for the disk here would be the whole host there.
answerBatches({ what: 'executions cannot be kept', open: openExecutionTable });
