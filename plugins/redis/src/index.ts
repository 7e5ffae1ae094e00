export { default as RedisAdapter } from './redis-adapter.ts';
