import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { encodeFrame, FrameReader, MAX_FRAME_BYTES } from '../../src/runtime/frames.ts';

const wellFormed = fc.string({ unit: 'binary' });
const batches = fc.array(
  fc.array(fc.oneof(wellFormed, fc.string(), fc.double(), fc.maxSafeInteger()), { minLength: 1 }),
  { minLength: 1 },
);

describe('a frame', () => {
  it('gives back the batch, however its bytes are cut, and keeps nothing of what its reader was given', () => {
    fc.assert(
      fc.property(batches, fc.array(fc.integer({ min: 1, max: 40 })), (sent, sizes) => {
        const bytes = Buffer.concat(sent.map(encodeFrame));
        const reader = new FrameReader();
        const read: unknown[] = [];
        // The one buffer that all comes in, as a socket's may be.
        const buffer = Buffer.alloc(bytes.length);
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const length = bytes.copy(buffer, 0, at, at + (sizes[turn % (sizes.length || 1)] ?? bytes.length));
          read.push(...reader.take(buffer.subarray(0, length)));
          buffer.fill(0xff);
          at += length;
        }
        expect(read).toStrictEqual(sent);
      }),
    );
  });

  it('is refused by its length alone where it is too long', () => {
    const header = Buffer.alloc(4);
    header.writeUInt32LE(MAX_FRAME_BYTES + 1);
    expect(() => new FrameReader().take(header)).toThrow(/at most 16777216 are taken/);
  });

  it('is refused, or read as something, whatever its bytes are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (content) => {
        const frame = Buffer.concat([Buffer.alloc(4), content]);
        frame.writeUInt32LE(content.length);
        let thrown: unknown;
        try {
          new FrameReader().take(frame);
        } catch (error) {
          thrown = error;
        }
        expect(thrown === undefined || thrown instanceof RangeError).toBe(true);
      }),
    );
  });
});
