export { default as SqliteAdapter } from './sqlite-adapter.ts';
