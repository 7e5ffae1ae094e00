import { InvalidInputError, quote } from '@automate/contract';

const DEFAULT_PORT = 50_051;

/** Schemes that gRPC understands besides `host:port`. */
const GRPC_TARGET = /^(dns|ipv4|ipv6|unix|unix-abstract|xds):/;

/**
 * The address as gRPC wants it, with the port filled in.
 *
 * @throws INVALID_INPUT for what cannot be an address
 */
export function parseServiceAddress(address: string): string {
  const text = address.trim();
  if (GRPC_TARGET.test(text)) return text;
  if (text.includes('://'))
    throw addressRefused(address, 'leave the scheme out: the service speaks gRPC on a port of its own');
  const parts = /^(\[[0-9a-zA-Z:.%]+\]|[^\s:[\]/]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(parts?.[2] ?? DEFAULT_PORT);
  if (parts?.[1] === undefined || port < 1 || port > 65_535) {
    throw addressRefused(address, 'IPv6 addresses stand in brackets, ports are 1 to 65535');
  }
  return `${parts[1]}:${port}`;
}

/** True when the address is this machine, which no proxy can reach. */
export function isLoopbackAddress(address: string): boolean {
  return /^(127\.|localhost[:.]|localhost$|\[::1\])/.test(address);
}

function addressRefused(address: string, hint: string): InvalidInputError {
  const problem = {
    path: 'address',
    expected: 'an address such as "127.0.0.1:50051"',
    received: quote(address),
  };
  return new InvalidInputError(
    `the address of the connectors service (CONNECTORS_SERVICE_ADDR) is ${problem.received}; expected ${problem.expected}: ${hint}`,
    { problems: [problem] },
  );
}
