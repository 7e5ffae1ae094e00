import { randomBytes } from 'node:crypto';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const LOST = /stored secrets are sealed under the master key [0-9a-f]{12}, which is not in \S+master\.key/;

describe('a host whose stored secrets are sealed under a key that is not there', () => {
  it('starts, says so at once and names the file, and says nothing once the key is back', async () => {
    await using first = await SandboxHost.open({ kinds: [] });
    const key = join(first.sandbox.root, '.automate', 'keys', 'master.key');
    await first.service.setSecret({ namespace: 'team', name: 'token', value: 'sealed under the first' });
    renameSync(key, `${key}.kept`);
    writeFileSync(key, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    const other = await first.restart();
    try {
      expect(other.logText).toMatch(LOST);
    } finally {
      await other.host.close();
    }
    renameSync(`${key}.kept`, key);
    const again = await first.restart();
    try {
      expect(again.logText).not.toMatch(LOST);
    } finally {
      await again.host.close();
    }
  });
});
