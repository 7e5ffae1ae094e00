import type { AggregationTemporality, DataPoint, DataPointType, MetricData } from '@opentelemetry/sdk-metrics';
import type { MetricFamily } from './metric-family.ts';

/** From when to when something was counted, in seconds and nanoseconds. */
export type Times = Pick<DataPoint<number>, 'startTime' | 'endTime'>;

/** The zero of OpenTelemetry's clock: the exposition carries no times. */
const NO_TIMES: Times = { startTime: [0, 0], endTime: [0, 0] };

/**
 * The families in Prometheus' text format. OpenTelemetry's exporter takes longer to load than the rest of the host
 * needs to start, so it is loaded with the first scrape.
 */
export async function renderPrometheusText(families: readonly MetricFamily[]): Promise<string> {
  const [exporter, sdk, resources] = await Promise.all([
    import('@opentelemetry/exporter-prometheus'),
    import('@opentelemetry/sdk-metrics'),
    import('@opentelemetry/resources'),
  ]);
  const serializer = new exporter.PrometheusSerializer('', false, undefined, true, true);
  const metrics = families
    .filter((family) => (family.kind === 'histogram' ? family.distributions : family.samples).length > 0)
    .map((family) => toMetricData(family, sdk, NO_TIMES));
  const text = serializer.serialize({
    resource: resources.emptyResource(),
    scopeMetrics: [{ scope: { name: 'automate' }, metrics }],
  });
  return text.endsWith('\n') ? text : `${text}\n`;
}

/** A family as OpenTelemetry has it; `sdk` is its SDK, loaded by whoever needs this. */
export function toMetricData(
  family: MetricFamily,
  sdk: { readonly DataPointType: typeof DataPointType; readonly AggregationTemporality: typeof AggregationTemporality },
  times: Times,
): MetricData {
  const types = sdk.DataPointType;
  const aggregationTemporality = sdk.AggregationTemporality.CUMULATIVE;
  const descriptor = { name: family.name, description: family.help, unit: '', valueType: 1 };
  if (family.kind === 'histogram') {
    const boundaries = [...family.bounds];
    return {
      descriptor,
      aggregationTemporality,
      dataPointType: types.HISTOGRAM,
      dataPoints: family.distributions.map(({ labels, buckets, count, sum }) => ({
        ...times,
        attributes: labels,
        value: { buckets: { boundaries, counts: [...buckets] }, count, sum },
      })),
    };
  }
  const dataPoints = family.samples.map(({ labels, value }) => ({ ...times, attributes: labels, value }));
  return family.kind === 'counter'
    ? { descriptor, aggregationTemporality, dataPointType: types.SUM, isMonotonic: true, dataPoints }
    : { descriptor, aggregationTemporality, dataPointType: types.GAUGE, dataPoints };
}
