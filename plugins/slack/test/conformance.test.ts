import { readFileSync } from 'node:fs';
import { conformance } from '@automate/testing';
import { describe, it } from '@jest/globals';
import SlackAdapter from '../src/slack-adapter.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

conformance(
  SlackAdapter,
  { config: { host: '127.0.0.1' }, settings: { signing_secret: 'hush' }, secrets: { token: 'xoxb-1' }, packageJson },
  { describe, it },
);
