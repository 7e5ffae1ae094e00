import { readFileSync } from 'node:fs';
import { conformance } from '@automate/testing';
import { describe, it } from '@jest/globals';
import MinioAdapter from '../src/minio-adapter.ts';
import S3Adapter from '../src/s3-adapter.ts';

const packageJson: unknown = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
const options = {
  config: { host: '127.0.0.1', auth: { type: 'basic', username: 'key', password: 'secret' } },
  settings: { region: 'eu-central-1' },
  packageJson,
} as const;

conformance(S3Adapter, options, { describe, it });
conformance(MinioAdapter, options, { describe, it });
