import { readFileSync } from 'node:fs';
import { conformance } from '@automate/testing';
import { describe, it } from '@jest/globals';
import PostgresAdapter from '../src/postgres-adapter.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

conformance(PostgresAdapter, { config: { host: '127.0.0.1' }, packageJson }, { describe, it });
