import { answers } from '@automate/tooling/start-program';
import type { RunningServer } from './start-server.ts';
import { startServer } from './start-server.ts';

/** A VictoriaMetrics of its own, which a test fills by `importSeries`. */
export function startVictoriaMetrics(): Promise<RunningServer> {
  return startServer({
    command: 'victoria-metrics',
    setUp: ({ folder, port }) => [
      `-storageDataPath=${folder}/data`,
      `-httpListenAddr=127.0.0.1:${port}`,
      '-retentionPeriod=100y',
    ],
    isReady: answers('/health'),
  });
}

export interface ImportedSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly number[];
  /** Milliseconds. */
  readonly timestamps: readonly number[];
}

/** Writes series and waits until they can be read. */
export async function importSeries(url: string, series: readonly ImportedSeries[]): Promise<void> {
  const body = series.map((each) => JSON.stringify(each)).join('\n');
  const { status } = await fetch(`${url}/api/v1/import`, { method: 'POST', body });
  if (status !== 204) throw new Error(`the import was answered ${status}`);
  await fetch(`${url}/internal/force_flush`);
}
