// A process of a bare pg-boss queue: it takes jobs in batches, and has done them at once; with `notify` it is woken for each. node executions-queue.mjs URL [notify]
import { PgBoss } from 'pg-boss';
import { answerLoad } from './executions-load.mjs';

const [url, notify] = process.argv.slice(2);
const boss = new PgBoss({ connectionString: url, useListenNotify: notify !== undefined });
boss.on('error', (error) => console.error(error));
await boss.start();
await boss.createQueue('bench', { retryLimit: 0, notify: notify !== undefined });
const how = { batchSize: 64, localConcurrency: 4, burstWhenBatchFull: true, pollingIntervalSeconds: 0.5 };
await boss.work('bench', how, async () => undefined);
answerLoad(() => boss.send('bench', { id: crypto.randomUUID() }));
