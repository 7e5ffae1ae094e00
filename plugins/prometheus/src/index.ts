export { default as PrometheusAdapter } from './prometheus-adapter.ts';
