export { default as MysqlAdapter } from './mysql-adapter.ts';
