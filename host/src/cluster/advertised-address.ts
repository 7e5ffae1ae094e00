import { hostname } from 'node:os';

/**
 * Where other hosts reach this one: what it was told, else by this machine's name, or by the address itself where that is only for this
 * machine. With the port that its door of gRPC has, unless it was told another.
 *
 * @param listening where the door listens, as in `127.0.0.1:50051`
 */
export function advertisedAddress(
  {
    advertiseAddress,
    loopback,
    tls,
  }: { readonly advertiseAddress?: string; readonly loopback: boolean; readonly tls?: unknown },
  listening: string,
): string {
  const port = listening.slice(listening.lastIndexOf(':'));
  const told = advertiseAddress !== undefined && /:\d+$/.test(advertiseAddress) ? advertiseAddress : undefined;
  const address =
    told ?? (advertiseAddress === undefined && loopback ? listening : `${advertiseAddress ?? hostname()}${port}`);
  return tls === undefined ? address : `grpcs://${address}`;
}
