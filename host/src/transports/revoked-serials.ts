const PEM_LIST = /-----BEGIN X509 CRL-----([\s\S]*?)-----END X509 CRL-----/g;

/** The lists in a PEM text, one by one; the whole text where there is none in it. Of a text Node reads the first alone. */
export function separateLists(pem: string): string[] {
  return pem.match(PEM_LIST) ?? [pem];
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;

interface Element {
  readonly tag: number;
  readonly contents: Buffer;
}

/**
 * The serial numbers in lists of revoked certificates (RFC 5280), in the digits that Node gives a certificate's. Node itself hands such lists
 * to OpenSSL, which looks at them when a connection is made, and at no other time. What is no list is left out: OpenSSL refuses it.
 */
export function revokedSerials(pem: string): ReadonlySet<string> {
  return new Set([...pem.matchAll(PEM_LIST)].flatMap(([, base64 = '']) => serialsIn(Buffer.from(base64, 'base64'))));
}

function serialsIn(der: Buffer): readonly string[] {
  const [list] = elements(der);
  const [toBeSigned] = elements(list?.contents);
  // version?, algorithm, issuer, this update, next update?, revoked certificates?, extensions?
  const parts = elements(toBeSigned?.contents);
  const [, , ...rest] = parts.filter(({ tag }) => tag !== INTEGER);
  const revoked = rest.find(({ tag }) => tag === SEQUENCE);
  return elements(revoked?.contents).flatMap((entry) => {
    const [serial] = elements(entry.contents);
    return serial?.tag === INTEGER ? [digits(serial.contents)] : [];
  });
}

/** Pairs of hexadecimal digits, without the byte that keeps a large number from being a negative one. */
function digits(bytes: Buffer): string {
  return bytes
    .subarray(bytes.length > 1 && bytes[0] === 0 ? 1 : 0)
    .toString('hex')
    .toUpperCase();
}

/** The elements that lie one after the other; as far as they can be read. */
function elements(der: Buffer = Buffer.alloc(0)): readonly Element[] {
  const found: Element[] = [];
  for (let at = 0; at + 2 <= der.length;) {
    const tag = der.readUInt8(at);
    const short = der.readUInt8(at + 1);
    const size = short < 0x80 ? 0 : short & 0x7f;
    if (size > 4 || at + 2 + size > der.length) break;
    const length = size === 0 ? short : der.readUIntBE(at + 2, size);
    const from = at + 2 + size;
    found.push({ tag, contents: der.subarray(from, from + length) });
    at = from + length;
  }
  return found;
}
