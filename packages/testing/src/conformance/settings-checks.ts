import assert from 'node:assert/strict';
import { validateSettings } from '@automate/sdk/runtime';
import { openAdapter } from '../open-adapter.ts';
import type { Check } from './check.ts';
import { invalidSample } from './invalid-sample.ts';

const CANARY = 'canary-9f3b71c2d4e8';

/** What a connector makes of its settings and secrets. */
export const SETTINGS_CHECKS: readonly Check[] = [
  {
    title: 'accepts the settings it is tested with',
    run: async ({ sample, options }) =>
      assert.deepEqual([...(await validateSettings(sample, options.settings ?? {}))], []),
  },
  {
    title: 'refuses wrong settings and says where',
    concerns: ({ description }) =>
      description.configSchema !== undefined && invalidSample(description.configSchema) !== undefined,
    async run({ sample, description }) {
      const wrong = invalidSample(description.configSchema ?? {}) ?? {};
      const problems = await validateSettings(sample, wrong);
      assert.ok(problems.length > 0, `settings ${JSON.stringify(wrong)} must be refused`);
      for (const { path } of problems) assert.match(path, /^settings/);
    },
  },
  {
    title: 'shows no secret of its configuration',
    async run({ adapterClass, options }) {
      const { config = {}, settings } = options;
      const { adapter, close } = await openAdapter(adapterClass, {
        ...(settings === undefined ? {} : { settings }),
        config: {
          ...config,
          auth: { type: 'bearer', token: CANARY, headers: { 'x-conformance': `${CANARY}-header` } },
        },
        secrets: { ...options.secrets, conformance: `${CANARY}-profile` },
      });
      try {
        assert.ok(!JSON.stringify(adapter.getConfig()).includes(CANARY), 'getConfig must mask secrets');
      } finally {
        await close();
      }
    },
  },
  {
    title: 'takes secrets out of data: by key and by value',
    async run({ adapterClass, options }) {
      const { config = {}, settings } = options;
      const { adapter, close } = await openAdapter(adapterClass, {
        ...(settings === undefined ? {} : { settings }),
        config,
        secrets: { ...options.secrets, conformance: CANARY },
      });
      try {
        const redacted = adapter.redact({
          authorization: 'Basic abc',
          author: 'Ann',
          text: `sent ${CANARY}`,
          list: [{ pwd: 'x' }],
        });
        const shown = JSON.stringify(redacted);
        for (const secret of [CANARY, 'Basic abc', '"x"'])
          assert.ok(!shown.includes(secret), `redact left ${secret} in ${shown}`);
        assert.ok(shown.includes('Ann'), 'redact must leave what is no secret');
      } finally {
        await close();
      }
    },
  },
];
