export { default as PostgresAdapter } from './postgres-adapter.ts';
