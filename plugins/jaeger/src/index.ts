export { default as JaegerAdapter } from './jaeger-adapter.ts';
