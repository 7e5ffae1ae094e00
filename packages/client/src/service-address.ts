import { InvalidInputError, quote } from '@automate/contract';

const DEFAULT_PORT = 50_051;

/** Schemes that gRPC understands besides `host:port`. */
const GRPC_TARGET = /^(dns|ipv4|ipv6|unix|unix-abstract|xds):/;
const WITH_TLS = 'grpcs://';

/** Where a service is. */
export interface ServiceAddress {
  /** As gRPC wants it. */
  readonly target: string;
  /** Whether it is called over TLS. */
  readonly secure: boolean;
  /** Name or address, without brackets, and port; absent where gRPC finds them itself. */
  readonly endpoint?: { readonly host: string; readonly port: number };
}

/**
 * The address as gRPC wants it, with the port filled in. `grpcs://` stands for TLS.
 *
 * @throws INVALID_INPUT for what cannot be an address
 */
export function parseServiceAddress(address: string): ServiceAddress {
  const whole = address.trim();
  if (GRPC_TARGET.test(whole)) return { target: whole, secure: false };
  const secure = whole.startsWith(WITH_TLS);
  const text = secure ? whole.slice(WITH_TLS.length).replace(/\/$/, '') : whole;
  if (secure && GRPC_TARGET.test(text)) return { target: text, secure };
  // What stands there is not said again.
  if (/[@?#]/.test(text))
    throw addressRefused(
      '…',
      'credentials have no place in it: a token goes into CONNECTORS_SERVICE_TOKEN, or the option `token`',
    );
  if (text.includes('://'))
    throw addressRefused(
      address,
      'the service speaks gRPC on a port of its own; the only scheme is "grpcs://", for TLS',
    );
  const parts = /^(\[[0-9a-zA-Z:.%]+\]|[^\s:[\]/]+)(?::(\d{1,5}))?$/.exec(text);
  const port = Number(parts?.[2] ?? DEFAULT_PORT);
  const host = parts?.[1];
  if (host === undefined || port < 1 || port > 65_535) {
    throw addressRefused(address, 'IPv6 addresses stand in brackets, ports are 1 to 65535');
  }
  return { target: `${host}:${port}`, secure, endpoint: { host: host.replace(/^\[(.*)\]$/, '$1'), port } };
}

/** True when the address is this machine, which no proxy can reach. */
export function isLoopbackAddress(target: string): boolean {
  return /^(127\.|localhost[:.]|localhost$|\[::1\])/.test(target);
}

/** True for what never leaves this machine. */
export function isLocalAddress(target: string): boolean {
  return isLoopbackAddress(target) || /^unix(-abstract)?:/.test(target);
}

function addressRefused(address: string, hint: string): InvalidInputError {
  const problem = {
    path: 'address',
    expected: 'an address such as "127.0.0.1:50051" or "grpcs://connectors.example.com:50051"',
    received: quote(address),
  };
  return new InvalidInputError(
    `the address of the connectors service (CONNECTORS_SERVICE_ADDR) is ${problem.received}; expected ${problem.expected}: ${hint}`,
    { problems: [problem] },
  );
}
