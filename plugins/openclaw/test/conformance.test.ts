import { readFileSync } from 'node:fs';
import { conformance } from '@automate/testing';
import { describe, it } from '@jest/globals';
import OpenClawAdapter from '../src/openclaw-adapter.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

conformance(
  OpenClawAdapter,
  {
    config: { host: '127.0.0.1', auth: { type: 'bearer', token: 'secret' } },
    settings: { agent_id: 'main' },
    packageJson,
  },
  { describe, it },
);
