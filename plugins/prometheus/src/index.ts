export { default as AlertmanagerAdapter } from './alertmanager-adapter.ts';
export { default as PrometheusAdapter } from './prometheus-adapter.ts';
