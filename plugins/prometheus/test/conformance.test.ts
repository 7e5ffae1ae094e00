import { readFileSync } from 'node:fs';
import { conformance } from '@automate/testing';
import { describe, it } from '@jest/globals';
import AlertmanagerAdapter from '../src/alertmanager-adapter.ts';
import PrometheusAdapter from '../src/prometheus-adapter.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

conformance(PrometheusAdapter, { config: { host: '127.0.0.1' }, packageJson }, { describe, it });
conformance(AlertmanagerAdapter, { config: { host: '127.0.0.1' }, packageJson }, { describe, it });
