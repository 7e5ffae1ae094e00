import { useMemo } from 'preact/hooks';
import type { ConnectorStats, HealthFinding } from '../../api/types.ts';
import { Fact } from '../../parts/fact.tsx';
import { Plot } from '../../parts/plot.tsx';
import { StatusText } from '../../parts/status-text.tsx';
import { ExactTime, TimeAgo } from '../../parts/time-ago.tsx';
import { BLAME_WORDS, formatCount, formatMegabytes, formatMs } from '../../parts/words.ts';
import { usePage } from '../../state/page-state.ts';
import type { StatsSample } from '../../state/use-stats.ts';
import { useStats } from '../../state/use-stats.ts';

/** What the connector is doing, as numbers, plots and a history. */
export function Numbers({ id, findings }: { readonly id: string; readonly findings: readonly HealthFinding[] }) {
  const { session } = usePage();
  const samples = useStats(id);
  const last = samples.at(-1)?.stats;
  return (
    <>
      <section aria-labelledby="load-heading">
        <h2 id="load-heading">Load</h2>
        <LoadPlots samples={samples} />
        {last === undefined ? (
          <p class="hint">{session.may('read') ? 'No numbers yet.' : 'To see numbers needs the scope read.'}</p>
        ) : (
          <LoadFacts stats={last} />
        )}
      </section>
      <section aria-labelledby="history-heading">
        <h2 id="history-heading">Health history</h2>
        {findings.length === 0 ? <p class="hint">Nothing was found yet.</p> : <History findings={findings} />}
      </section>
    </>
  );
}

function LoadPlots({ samples }: { readonly samples: readonly StatsSample[] }) {
  const plots = useMemo(
    () => ({
      times: samples.map(({ time }) => time),
      calls: [{ name: 'calls', values: samples.map(({ stats }) => stats.calls_per_second) }],
      latency: [
        { name: 'half within', values: samples.map(({ stats }) => stats.p50_ms ?? null) },
        { name: '99 in 100 within', values: samples.map(({ stats }) => stats.p99_ms ?? null) },
      ],
    }),
    [samples],
  );
  return (
    <div class="plots">
      <Plot title="Calls per second" unit="/s" times={plots.times} series={plots.calls} />
      <Plot title="Latency of calls" unit="ms" times={plots.times} series={plots.latency} />
    </div>
  );
}

function LoadFacts({ stats }: { readonly stats: ConnectorStats }) {
  const { worker, errors } = stats;
  const failed = Object.entries(errors);
  return (
    <dl class="facts">
      <Fact name="Calls per second">{String(Number(stats.calls_per_second.toPrecision(3)))}</Fact>
      <Fact name="Errors by code">
        {failed.length === 0 ? 'none' : failed.map(([code, count]) => `${code} ${formatCount(count)}`).join(', ')}
      </Fact>
      <Fact name="In flight">{formatCount(stats.in_flight)}</Fact>
      <Fact name="Queued">{formatCount(stats.queued)}</Fact>
      <Fact name="Restarts">{formatCount(stats.restarts)}</Fact>
      <Fact name="Crashes">{formatCount(stats.crashes)}</Fact>
      <Fact name="Circuit">{stats.circuit}</Fact>
      <Fact name="Package">{stats.package === undefined ? undefined : `${stats.package} ${stats.version ?? ''}`}</Fact>
      <Fact name="Worker up for">{worker === undefined ? undefined : <TimeAgo at={worker.since} suffix="" />}</Fact>
      <Fact name="Memory">
        {worker === undefined
          ? undefined
          : `${formatMegabytes(worker.memory_bytes)} of ${formatMegabytes(worker.memory_limit_bytes)}`}
      </Fact>
      <Fact name="CPU">{worker?.cpu_share === undefined ? undefined : `${Math.round(worker.cpu_share * 100)} %`}</Fact>
      <Fact name="Loop lag">{worker?.loop_lag_ms === undefined ? undefined : formatMs(worker.loop_lag_ms)}</Fact>
    </dl>
  );
}

const SHOWN = 20;

function History({ findings }: { readonly findings: readonly HealthFinding[] }) {
  const plot = useMemo(
    () => ({
      times: findings.map(({ at }) => Date.parse(at) / 1_000),
      series: [{ name: 'response', values: findings.map(({ response_time_ms: ms }) => ms) }],
    }),
    [findings],
  );
  return (
    <>
      <Plot title="Response time of checks" unit="ms" times={plot.times} series={plot.series} />
      <div class="table-scroll" role="region" aria-label="Findings" tabIndex={0}>
        <table class="data-table" aria-label="Health history">
          <thead>
            <tr>
              <th scope="col">When</th>
              <th scope="col">Status</th>
              <th scope="col">Finding</th>
              <th scope="col">Must act</th>
              <th scope="col">Found by</th>
              <th scope="col">Took</th>
            </tr>
          </thead>
          <tbody>
            {findings
              .slice(-SHOWN)
              .toReversed()
              .map((finding) => (
                <tr key={finding.at}>
                  <td class="nowrap">
                    <ExactTime at={finding.at} />
                  </td>
                  <td>
                    <StatusText status={finding.status} />
                  </td>
                  <td>{finding.message}</td>
                  <td>{finding.blame === undefined ? '' : BLAME_WORDS[finding.blame]}</td>
                  <td>{finding.by}</td>
                  <td class="nowrap">{formatMs(finding.response_time_ms)}</td>
                </tr>
              ))}
          </tbody>
        </table>
      </div>
    </>
  );
}
