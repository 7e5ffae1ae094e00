import { readFileSync } from 'node:fs';
import { conformance } from '@automate/testing';
import { describe, it } from '@jest/globals';
import SqliteAdapter from '../src/sqlite-adapter.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

conformance(SqliteAdapter, { settings: { file: ':memory:', allow_memory: true }, packageJson }, { describe, it });
