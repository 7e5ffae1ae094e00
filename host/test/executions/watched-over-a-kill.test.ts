import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from '@automate/client';
import type { Execution } from '@automate/contract';
import { eventually } from '@automate/tooling/eventually';
import { expect, it } from '@jest/globals';
import { CliProject } from '../cli/fixtures/cli-project.ts';

it.each(['grpc', 'socket'] as const)(
  'a watch over %s goes on when its host is killed and another takes its place, to the end',
  async (way) => {
    await using project = await CliProject.open({ kinds: ['echo'], yaml: 'connectors: [{ id: echo }]' });
    const [began, gate] = ['began', 'gate'].map((name) => join(project.root, name)) as [string, string];
    const told: Execution[] = [];
    let over: Promise<void>;
    let port: string;
    const host = await project.start();
    const address = way === 'grpc' ? host.ready.grpc : `unix:${host.ready.socket ?? ''}`;
    await using service = await connect({ address });
    try {
      port = host.ready.grpc.slice(host.ready.grpc.lastIndexOf(':') + 1);
      const { id } = await service.startExecution({ id: 'echo', action: 'wait', payload: { began, gate } });
      over = (async () => {
        for await (const now of service.watchExecution(id)) told.push(now);
      })();
      await eventually(() => existsSync(began) && told.some(({ status }) => status === 'running'));
    } finally {
      await host.end('SIGKILL');
    }
    await using _next = await project.start({ env: { GRPC_PORT: port } });
    writeFileSync(gate, '');
    await over;
    expect(told.at(-1)).toMatchObject({ status: 'succeeded', result: { waited: 60_000 } });
    expect(told.slice(0, -1).every(({ status }) => status === 'queued' || status === 'running')).toBe(true);
  },
);
