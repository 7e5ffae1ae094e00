import { answerBatches } from './answer-batches.ts';
import { openHealthTable } from './health-table.ts';

// The thread that keeps how connectors were: what waits for the disk here would be the whole host there.
answerBatches({ what: 'how connectors were cannot be kept', open: openHealthTable });
