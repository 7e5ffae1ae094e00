import { describe, expect, it } from '@jest/globals';
import { connect } from '@automate/client';
import { FaultyProject, LEVELS } from './fixtures/faulty-project.ts';

describe.each(LEVELS)('a connector in a %s whose worker is not itself any more', (level) => {
  it.each(['{"broken', '1,"replayed":true,"result":2', '', 'undefined'])('answers no caller with %j', async (text) => {
    await using faulty = await FaultyProject.open({ level });
    await using service = await connect({ address: faulty.host.ready.grpc });
    expect((await faulty.call('forge', { text })).status).toBe(200);
    const answer = await faulty.call('anything', { a: 1 });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ result: { action: 'anything', payload: { a: 1 } } });
    await expect(service.execute({ id: 'bad', action: 'anything', payload: {} })).resolves.toMatchObject({
      result: { action: 'anything', payload: {} },
    });
    expect(await faulty.isWell()).toBe(true);
  });

  it.each([null, 5, { status: 'healthy', message: {} }, []])(
    'is unhealthy, or has no message, where its check answers %j',
    async (answer) => {
      await using faulty = await FaultyProject.open({ level });
      await faulty.call('answer_health', { answer });
      for (let round = 0; round < 3; round += 1) expect(typeof (await faulty.health())['message']).toBe('string');
      expect(await faulty.isWell()).toBe(true);
    },
  );
});

describe('a connector in a process that writes to the host past its worker', () => {
  it('answers no caller so', async () => {
    await using faulty = await FaultyProject.open({ level: 'process' });
    const answer = await faulty.call('write_frames', { texts: ['{"broken', '"forged"', ''] });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.text)).toMatchObject({ result: 'written' });
    expect(await faulty.isWell()).toBe(true);
  });
});
