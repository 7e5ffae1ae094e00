import { describe, expect, it } from '@jest/globals';
import type { ProxyEnvironment } from '../src/http/proxy.ts';
import { proxyFor } from '../src/http/proxy.ts';

const environment: ProxyEnvironment = { http: 'http://plain:3128', https: 'secure:3129', no: undefined };

function chosen(url: string, no?: string, proxy?: string): string | undefined {
  return proxyFor({ id: 'x', proxy, environment: { ...environment, no } }, new URL(url))?.href;
}

describe('the proxy for an address', () => {
  it("is the environment's by the scheme, and the connector's own before that", () => {
    expect(chosen('http://api.test/')).toBe('http://plain:3128/');
    expect(chosen('https://api.test/')).toBe('http://secure:3129/');
    expect(chosen('https://api.test/', '*', 'https://own:1')).toBe('https://own:1/');
    expect(chosen('https://api.test/', undefined, 'none')).toBeUndefined();
    expect(proxyFor({ id: 'x', proxy: undefined, environment: undefined }, new URL('http://api.test'))).toBeUndefined();
  });

  it.each(['localhost', 'a.localhost', '127.0.0.1', '127.8.9.1', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', 'LOCALHOST'])(
    'is none for this machine: %s',
    (host) => {
      expect(chosen(`http://${host}/`)).toBeUndefined();
      expect(chosen(`http://${host}/`, undefined, 'http://own:1')).toBeUndefined();
    },
  );

  it.each([
    ['*', 'http://api.test/'],
    ['api.test', 'http://api.test/'],
    ['API.test', 'http://api.TEST/'],
    ['test', 'http://api.test/'],
    ['.test', 'http://api.test/'],
    ['*.test', 'http://a.b.test/'],
    ['other, api.test:8080', 'http://api.test:8080/'],
    ['other api.test:443', 'https://api.test/'],
    ['10.0.0.0/8', 'http://10.9.8.7/'],
    ['10.9.8.7', 'http://10.9.8.7/'],
    ['fd00::/8', 'http://[fd00::1]/'],
    ['[fd00::1]:80', 'http://[fd00::1]/'],
    ['fd00::1', 'http://[fd00::1]/'],
  ])('is none where NO_PROXY %s excepts it: %s', (no, url) => {
    expect(chosen(url, no)).toBeUndefined();
  });

  it.each([
    ['', 'http://api.test/'],
    [' , ', 'http://api.test/'],
    ['pi.test', 'http://api.test/'],
    ['api.test:8080', 'http://api.test/'],
    ['api.test.evil', 'http://api.test/'],
    ['10.0.0.0/8', 'http://11.0.0.1/'],
    ['10.0.0.0/8', 'http://[fd00::1]/'],
    ['0.0.1', 'http://10.0.0.1/'],
    ['nonsense/8', 'http://10.0.0.1/'],
  ])('is one where NO_PROXY %j says nothing of it: %s', (no, url) => {
    expect(chosen(url, no)).toBe('http://plain:3128/');
  });

  it('that is no such URL is a mistake of the operator, told without its text', () => {
    expect(() => chosen('http://api.test/', undefined, 'socks5://ann:secret-word@p:1')).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.not.stringContaining('secret-word') }),
    );
  });
});
