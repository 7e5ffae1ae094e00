export { default as SlackAdapter } from './slack-adapter.ts';
