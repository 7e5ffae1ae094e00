export { ask } from './ask.ts';
export { brokenOff, demoted, withoutTls } from './broken-off.ts';
export { checkSession } from './check-session.ts';
export type {
  Begin,
  Call,
  Circumstances,
  Dialect,
  Fault,
  ServerState,
  Session,
  SqlConnection,
  TableName,
  Traits,
} from './dialect.ts';
export { SqlAdapter } from './sql-adapter.ts';
export { isAtomic, maskStatement, readStatement, SESSION_ONLY } from './grammar.ts';
export type { Grammar, StatementUse } from './grammar.ts';
export { MAX_RESULT_BYTES } from './limits.ts';
export { DEMOTED, inCode, outcomeRules } from './outcome-rules.ts';
export { EFFECTS, neverRun } from './outcome.ts';
export type { Effects } from './outcome.ts';
export { createRoom, createRowPage } from './results.ts';
export type { Category, Column, ResultSet, StatementResult } from './result-schemas.ts';
export type { Page, RowPage } from './results.ts';
export { JsonText, parseParameter, plainValue, readParameter } from './schemas.ts';
export type { Parameter, Statement } from './schemas.ts';
export { loginAddress, createSocket, serverLabel, readLogin, readTrust } from './server-login.ts';
export type { Login, ServerKind } from './server-login.ts';
export { loginSettings, maxRowsSetting, serverSettings } from './settings.ts';
export { meaningOf, SQL_STATES, toError } from './sql-states.ts';
export type { Meaning, Meanings } from './sql-states.ts';
export { onConflict } from './on-conflict.ts';
export { unlessGivenUp } from './unless-given-up.ts';
export { wrongCount, wrongInput } from './wrong-input.ts';
export { bytesValue, floatValue, integerValue, jsonValue } from './values.ts';
export { describeByQueries } from './table-queries.ts';
export type { TableQueries } from './table-queries.ts';
export type { TableDescription } from './table-schemas.ts';
