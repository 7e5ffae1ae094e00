import { itTellsWhatAnswers } from '../../../packages/testing/test/misbehaving-cases.ts';
import MysqlAdapter from '../src/mysql-adapter.ts';

const GREETING = Buffer.from(
  '0a352e352e3500010000006162636465666768000fa22102000800150000000000000000000061626364656667686970616200',
  'hex',
);
const packet = (sequence: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([body.length, 0, 0, sequence]), body]);

itTellsWhatAnswers({
  name: 'MySQL',
  adapter: MysqlAdapter,
  another: Buffer.from('R\0\0\0\u0008\0\0\0\0', 'latin1'),
  read: ['query', { sql: 'SELECT 1' }],
  write: ['execute', { sql: 'SELECT 1' }],
  letIn(socket) {
    socket.write(packet(0, GREETING));
    // OK to the login.
    socket.once('data', () => socket.write(packet(2, Buffer.from([0, 0, 0, 2, 0, 0, 0]))));
  },
});
