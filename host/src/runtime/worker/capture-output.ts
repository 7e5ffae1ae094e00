import type { Writable } from 'node:stream';
import { clipText } from '@automate/contract';
import { LineSplitter } from './line-splitter.ts';
import type { LogWriter } from './log-writer.ts';

/**
 * Makes stdout and stderr of this thread write log records, and with them the console. `fs.writeSync(1)` and
 * `process._rawDebug` go past this.
 */
export function captureOutput(log: LogWriter): void {
  divert(process.stdout, new LineSplitter((line) => log.write('info', 'stdout', line)));
  divert(process.stderr, new LineSplitter((line) => log.write('warn', 'stderr', line)));
  // Node's own listener would write past the stream.
  process.removeAllListeners('warning');
  process.on('warning', (warning) => log.write('warn', 'stderr', `${warning.name}: ${warning.message}`));
}

/** Changes where the stream writes to, not the stream: the host's half of it calls ours by methods that only Node knows. */
function divert(stream: Writable, lines: LineSplitter): void {
  const write = (chunk: string | Uint8Array, _encoding: string, done: () => void): void => {
    lines.take(
      typeof chunk === 'string'
        ? clipText(chunk)
        : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('utf8'),
    );
    done();
  };
  Object.defineProperty(stream, '_write', { value: write });
  Object.defineProperty(stream, '_writev', { value: undefined });
}
