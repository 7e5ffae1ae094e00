import { readFileSync } from 'node:fs';
import { conformance } from '@automate/testing';
import { describe, it } from '@jest/globals';
import MysqlAdapter from '../src/mysql-adapter.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

conformance(MysqlAdapter, { config: { host: '127.0.0.1' }, packageJson }, { describe, it });
