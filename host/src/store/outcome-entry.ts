import { answerBatches } from './answer-batches.ts';
import { openOutcomeTable } from './outcome-table.ts';

// The thread that writes outcomes: what waits for the disk here would be the whole host there.
answerBatches({ what: 'the outcomes of calls cannot be kept', open: openOutcomeTable });
