import { expect, it } from '@jest/globals';
import { itTellsWhatAnswers } from '../../../packages/testing/test/misbehaving-cases.ts';
import RedisAdapter from '../src/redis-adapter.ts';

const { connectTo } = itTellsWhatAnswers({
  name: 'Redis',
  adapter: RedisAdapter,
  another: Buffer.from([0x4a, 0, 0, 0, 0x0a, 0x35]),
  read: ['get', { key: 'a' }],
  write: ['set', { key: 'a', value: 'b' }],
});

const one = { key: 'a' };

it('is told to have broken off where a reply is cut short, and is asked again on another connection', async () => {
  let connections = 0;
  const connector = await connectTo((socket) => {
    connections += 1;
    const healthy = connections > 1;
    socket.on('data', (bytes) => {
      if (bytes.includes('EXISTS')) socket.write(':0\r\n');
      if (!bytes.includes('GET')) return;
      if (healthy) socket.write('$1\r\nx\r\n');
      else socket.end('$100\r\nabc');
    });
  });
  await expect(connector.call('get', one)).rejects.toMatchObject({ code: 'TRANSIENT_NETWORK', effect: 'none' });
  await expect(connector.call('get', one)).resolves.toStrictEqual({ found: true, value: 'x' });
});

it('may have acted where the connection breaks under a write', async () => {
  const connector = await connectTo((socket) =>
    socket.on('data', (bytes) => (bytes.includes('EXISTS') ? socket.write(':0\r\n') : socket.destroy())),
  );
  await expect(connector.call('set', { ...one, value: 'b' })).rejects.toMatchObject({
    code: 'TRANSIENT_NETWORK',
    effect: 'maybe',
  });
});
