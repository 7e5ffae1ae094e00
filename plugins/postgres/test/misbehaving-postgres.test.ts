import { itTellsWhatAnswers } from '../../../packages/testing/test/misbehaving-cases.ts';
import PostgresAdapter from '../src/postgres-adapter.ts';

/** AuthenticationOk and ReadyForQuery. */
const LET_IN = Buffer.from('R\0\0\0\b\0\0\0\0Z\0\0\0\u0005I', 'latin1');

itTellsWhatAnswers({
  name: 'PostgreSQL',
  adapter: PostgresAdapter,
  another: Buffer.from([0x4a, 0, 0, 0, 0x0a, 0x35]),
  read: ['query', { sql: 'SELECT 1' }],
  write: ['execute', { sql: 'SELECT 1' }],
  letIn: (socket) => socket.once('data', () => socket.write(LET_IN)),
});
