export { default as HttpAdapter } from './http-adapter.ts';
