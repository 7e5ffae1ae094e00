import { readFileSync } from 'node:fs';
import { conformance } from '@automate/testing';
import { describe, it } from '@jest/globals';
import HttpAdapter from '../src/http-adapter.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

conformance(
  HttpAdapter,
  { config: { host: '127.0.0.1' }, settings: { webhook: { secret: 'hush' } }, packageJson },
  { describe, it },
);
