import { readFileSync } from 'node:fs';
import { conformance } from '@automate/testing';
import { describe, it } from '@jest/globals';
import LoggingAdapter from '../src/logging-adapter.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

conformance(LoggingAdapter, { settings: { level: 'debug' }, packageJson }, { describe, it });
