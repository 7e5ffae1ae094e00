import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { eventually } from '@automate/tooling/eventually';
import { CliProject } from '../cli/fixtures/cli-project.ts';

const KEY = 'order/1';

describe('a call with an idempotency key whose host is killed', () => {
  it('is unknown from then on, at every door, until its key is cleared', async () => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]' });
    const began = join(project.root, 'began');
    const request = { id: 'echo', action: 'wait', payload: { began, ms: 600_000 }, idempotencyKey: KEY };
    {
      await using host = await project.start();
      await using service = await connect({ address: host.ready.grpc });
      const lost = service.execute(request).catch((error: unknown) => error);
      await eventually(() => existsSync(began));
      await host.end('SIGKILL');
      expect(await lost).toMatchObject({ code: expect.any(String) });
    }
    for (const round of [1, 2]) {
      await using host = await project.start();
      await using service = await connect({ address: host.ready.grpc });
      await expect(service.execute(request)).rejects.toMatchObject({
        code: 'OUTCOME_UNKNOWN',
        retryable: false,
        effect: 'maybe',
        blame: 'operator',
        details: { reason: 'host_ended' },
        message: expect.stringContaining(`automate outcomes clear echo ${KEY}`),
      });
      const answer = await fetch(`${host.ready.http}/api/v1/connectors/echo/outcomes/${encodeURIComponent(KEY)}`);
      const outcome = (await answer.json()) as Record<string, unknown>;
      expect(outcome).toMatchObject({ key: KEY, action: 'wait', status: 'unknown' });
      expect([outcome['ended_at'], outcome['expires_at']]).toEqual([undefined, undefined]);
      if (round === 1) continue;
      const shown = await project.automate(['outcomes', 'get', 'echo', KEY]);
      expect(shown).toMatchObject({ status: 0, stdout: expect.stringContaining('status: unknown') });
      await expect(project.automate(['outcomes', 'clear', 'echo', KEY])).resolves.toMatchObject({ status: 0 });
      await expect(project.automate(['outcomes', 'clear', 'echo', KEY])).resolves.toMatchObject({ status: 1 });
      await expect(service.execute({ ...request, payload: { ms: 1 } })).resolves.toMatchObject({ replayed: false });
    }
  });
});
