import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatBootReport } from '../../src/boot-report.ts';
import { codeBlocks } from './fixtures/read-docs.ts';
import type { RunningHost } from './fixtures/running-host.ts';
import { startHost } from './fixtures/running-host.ts';

/** Without what differs from run to run: ports and times. */
function withoutTimes(line: string): string {
  return line
    .replaceAll(/127\.0\.0\.1:\d+/g, '127.0.0.1:PORT')
    .replaceAll(/\d+ ms/g, 'N ms')
    .replaceAll(/(?<=\(|, )([a-z]+) \d+/g, '$1 N')
    .replace(/\/\S+(?=\/host\.sock)/, 'DATA_DIR')
    .replace(/in \/.*$/, 'in PROJECT')
    .replace(/\/\S+(?=\/config\/connectors\.yaml)/, 'PROJECT');
}

describe('the report of a start in README.md', () => {
  let running: RunningHost;
  beforeAll(async () => {
    running = await startHost({});
  }, 30_000);
  afterAll(async () => running[Symbol.asyncDispose]());

  it('is what a start in this repository prints, "…" standing for the rest of a list', () => {
    const [sample] = codeBlocks('README.md').filter(({ text }) => text.startsWith('automate 1.'));
    const shown = (sample?.text ?? '').trimEnd().split('\n');
    const printed = formatBootReport(running.host.report).trimEnd().split('\n').map(withoutTimes);
    const from = shown.findIndex((line) => line.trim() === '…');
    const rest = shown.slice(from + 1).map(withoutTimes);
    expect(printed.slice(0, from)).toEqual(shown.slice(0, from).map(withoutTimes));
    expect(printed.slice(-rest.length)).toEqual(rest);
    expect(printed[0]).toContain('PROJECT');
  });
});
