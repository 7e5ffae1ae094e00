import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from '@jest/globals';
import { PlainAdapter } from '../fixtures/plain-adapter.ts';
import { SandboxHost } from '../fixtures/sandbox-host.ts';

const KIB = 1024;
const TIMES = 250;

it('a connector that was removed leaves nothing behind in the host', async () => {
  await using it = await SandboxHost.open({
    kinds: [],
    serve: false,
    register: [{ kind: 'plain', adapter: PlainAdapter }],
    flags: { logLevel: 'error' },
  });
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const comeAndGo = async (id: string): Promise<void> => {
    const description = id + 'x'.repeat(40 * KIB);
    await it.service.register({ id, kind: 'plain', description });
    await it.service.execute({ id, action: 'ask' });
    expect((await it.service.healthCheck(id)).healthy).toBe(true);
    await it.service.remove(id);
  };
  const heapAfter = async (from: number, to: number): Promise<number> => {
    for (let index = from; index < to; index += 1) await comeAndGo(`c${index}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = await heapAfter(0, 50);
  const after = await heapAfter(50, 50 + TIMES);
  // Half of what they were given; each is known in more than one form.
  expect(after - before).toBeLessThan((TIMES * 40 * KIB) / 2);
});
