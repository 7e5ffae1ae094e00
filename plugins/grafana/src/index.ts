export { default as GrafanaAdapter } from './grafana-adapter.ts';
