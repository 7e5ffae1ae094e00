// A host that `automate isolation --run` starts in order to lose it. Arguments: the URL of @automate/host's entry, and the level.
import { BroadcastChannel, setEnvironmentData } from 'node:worker_threads';

const [entry, level] = process.argv.slice(2);
const { createHost } = await import(entry);
// What an embedding program may have: a value for its own threads, and threads that it talks to.
setEnvironmentData('canary', process.env.AUTOMATE_CANARY);
const channel = new BroadcastChannel('of-the-host');
setInterval(() => channel.postMessage(process.env.AUTOMATE_CANARY), 200).unref();
const adapter = level === 'none' && (await import('./node_modules/connector-misbehaving/adapter.mjs')).default;
const host = await createHost({
  cwd: import.meta.dirname,
  env: {},
  flags: { grpcPort: 0, httpPort: 0, logFormat: 'json', logLevel: 'info' },
  logTo: process.stdout,
  ...(adapter && { kinds: [{ kind: 'misbehaving', adapter }] }),
});
process.stdout.write(`${JSON.stringify({ ready: host.grpcAddress })}\n`);
