import { read as readLater, readSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { encodeFrame, FrameReader } from '../frames.ts';
import type { Batch } from '../messages.ts';
import type { Line } from './line.ts';
import { natives } from './natives.ts';

/** The descriptors that the host gives to each child: this one is written to, the other read. */
const UP_FD = 3;
const DOWN_FD = 4;
const PIECE_BYTES = 64 * 1024;
/** A host that reads nothing for so long is not waited for any more by what is about to end. */
const FLUSH_MS = 1000;
/** So many turns in a row a full line is tried again at once; then a millisecond apart. */
const EAGER_TRIES = 50;

/** What was not written yet: linked, as an array's methods may be the connector's. */
interface Waiting {
  bytes: Buffer;
  next: Waiting | undefined;
}

export interface SocketLine extends Line {
  /** Sends what waits, even if this process has to wait for the host: it is about to end. */
  flush(): void;
  /** Whether something waits for the host in a way that this process cannot end by itself. */
  readonly blocksExit: boolean;
}

/**
 * The line of a child process. It is written to by system calls of our own rather than through the socket's stream: what
 * is written has left at once, and what the host is slow to read is still in our hands when this process has to end.
 *
 * @param onEnd called when the host has hung up
 */
export function createSocketLine(onEnd: () => void): SocketLine {
  const reader = new FrameReader();
  const came: Batch[] = [];
  let first: Waiting | undefined;
  let last: Waiting | undefined;
  let take: ((batch: Batch) => void) | undefined;
  let tries = 0;
  let scheduled = false;
  // Of this module's alone, as a connector may replace them.
  const write = writeSync;
  const read = readSync;

  const accept = (piece: Buffer): void => void came.push(...(reader.take(piece) as Batch[]));
  const deliver = (): void => {
    while (take !== undefined) {
      const batch = came.shift();
      if (batch === undefined) return;
      take(batch);
    }
  };
  /** True once nothing waits any more. */
  const writeWaiting = (): boolean => {
    while (first !== undefined) {
      const { bytes, next } = first;
      const written = tryWrite(write, bytes);
      if (written === bytes.length) first = next;
      else if (written > 0) first.bytes = bytes.subarray(written);
      else return false;
    }
    last = undefined;
    tries = 0;
    return true;
  };
  const writeLater = (): void => {
    if (scheduled) return;
    scheduled = true;
    const again = (): void => {
      scheduled = false;
      if (!writeWaiting()) writeLater();
    };
    tries += 1;
    if (tries <= EAGER_TRIES) natives.setImmediate(again);
    else natives.setTimeout(again, 1);
  };

  const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  const isSocket = readAsSocket(buffer, {
    onPiece(length) {
      accept(buffer.subarray(0, length));
      deliver();
    },
    onEnd,
  });
  return {
    blocksExit: !isSocket,
    post(batch) {
      const piece = { bytes: encodeFrame(batch), next: undefined };
      if (last === undefined) first = piece;
      else last.next = piece;
      last = piece;
      if (!scheduled && !writeWaiting()) writeLater();
    },
    listen(taker) {
      take = taker;
      deliver();
    },
    receive() {
      if (came.length === 0 && isSocket) accept(buffer.subarray(0, tryRead(read, buffer)));
      return came.shift();
    },
    flush() {
      const end = natives.now() + FLUSH_MS;
      while (!writeWaiting() && natives.now() < end) natives.sleep(1);
    },
  };
}

interface Reading {
  onPiece(length: number): void;
  onEnd(): void;
}

/** False where Node.js takes a descriptor for the network that it refuses, so that the line is read as a file is. */
function readAsSocket(buffer: Buffer, { onPiece, onEnd }: Reading): boolean {
  try {
    const socket = new Socket({
      fd: DOWN_FD,
      readable: true,
      writable: false,
      // One buffer for all that comes, where the stream would make one for each piece.
      onread: {
        buffer,
        callback(length) {
          onPiece(length);
          return true;
        },
      },
    });
    socket.on('error', onEnd);
    socket.on('close', onEnd);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_ACCESS_DENIED') throw error;
    readAsFile(buffer, { onPiece, onEnd });
    return false;
  }
}

/** A thread of Node.js' pool waits for each piece. */
function readAsFile(buffer: Buffer, { onPiece, onEnd }: Reading): void {
  const next = (): void =>
    readLater(DOWN_FD, buffer, 0, buffer.length, null, (error, length) => {
      if (error !== null || length === 0) return onEnd();
      onPiece(length);
      next();
    });
  next();
}

/** Bytes that the line took: 0 where it is full. What a host that is gone would have had to read counts as written. */
function tryWrite(write: typeof writeSync, bytes: Buffer): number {
  try {
    return write(UP_FD, bytes);
  } catch (error) {
    return isFull(error) ? 0 : bytes.length;
  }
}

/** How many bytes have come; 0 also where the host is gone, which the socket tells. */
function tryRead(read: typeof readSync, into: Buffer): number {
  try {
    return read(DOWN_FD, into);
  } catch {
    return 0;
  }
}

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}
