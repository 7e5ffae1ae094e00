import { describe, expect, it } from '@jest/globals';
import { isLoopbackAddress, parseServiceAddress } from '../src/service-address.ts';

describe('the address of a service', () => {
  it.each([
    ['127.0.0.1:50051', '127.0.0.1:50051'],
    ['localhost', 'localhost:50051'],
    [' connectors.internal:9000 ', 'connectors.internal:9000'],
    ['[::1]:7', '[::1]:7'],
    ['[fe80::1%eth0]', '[fe80::1%eth0]:50051'],
    ['dns:///connectors:50051', 'dns:///connectors:50051'],
    ['unix:/run/connectors.sock', 'unix:/run/connectors.sock'],
  ])('%s is understood', (written, target) => {
    expect(parseServiceAddress(written).target).toBe(target);
  });

  it.each([
    'http://127.0.0.1:50051',
    'host:',
    'host:0',
    'host:70000',
    '::1',
    '::1:50051',
    'a b',
    'host:50051/path',
    ':50051',
  ])('%s is refused, with an example of what would do', (written) => {
    expect(() => parseServiceAddress(written)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringContaining('"127.0.0.1:50051"') }),
    );
  });

  it.each([
    'grpcs://ada:Cnry4711@host:50051',
    'https://ada:Cnry4711@host/',
    'Cnry4711@host',
    'host:50051?token=Cnry4711',
    'grpcs://host#Cnry4711',
  ])('%s is refused, and what may be a credential is not said again', (written) => {
    const refused = expect.objectContaining({
      code: 'INVALID_INPUT',
      message: expect.stringMatching(/^(?!.*Cnry4711).*CONNECTORS_SERVICE_TOKEN, or/s),
      problems: [expect.objectContaining({ received: '"…"' })],
    });
    expect(() => parseServiceAddress(written)).toThrow(refused);
  });

  it('of this machine is known as such', () => {
    expect(['127.0.0.1:1', 'localhost:1', '[::1]:1'].every(isLoopbackAddress)).toBe(true);
    expect(['10.0.0.1:1', 'localhostess:1', 'example.com:1'].some(isLoopbackAddress)).toBe(false);
  });
});
