export { default as LoggingAdapter } from './logging-adapter.ts';
