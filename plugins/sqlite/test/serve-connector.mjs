// A connector in a process of its own, so that it can be killed: answers `{ id, action, input }` with a result or an error.
import { startConnector } from '@automate/testing';
import SqliteAdapter from '../dist/sqlite-adapter.js';

const connector = await startConnector(SqliteAdapter, { settings: JSON.parse(process.argv[2]) });
process.on('message', ({ id, action, input }) => {
  connector.call(action, input).then(
    (result) => process.send({ id, result }),
    (error) => process.send({ id, error: error.toEnvelope() }),
  );
});
