export { default as OpenClawAdapter } from './openclaw-adapter.ts';
