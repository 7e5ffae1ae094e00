import type { Distribution, Exemplar, Labels, MetricFamily } from './metric-family.ts';

/** The media type of the format, which also tells of exemplars. */
export const OPEN_METRICS_TYPE = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Whether a scraper wants it, by its `Accept`; without a word the text format is meant. */
export function prefersOpenMetrics(accept: string | undefined): boolean {
  return /\bapplication\/openmetrics-text\b(?!\s*;\s*q=0(?:\.0*)?\s*(?:,|$))/.test(accept ?? '');
}

/** The families in the OpenMetrics text format, version 1.0.0, with an example of a trace for each bucket that has one. */
export function renderOpenMetrics(families: readonly MetricFamily[]): string {
  const lines = families.flatMap((family) => {
    const name = family.kind === 'counter' ? family.name.replace(/_total$/, '') : family.name;
    const head = [`# HELP ${name} ${escapeText(family.help)}`, `# TYPE ${name} ${family.kind}`];
    const samples =
      family.kind === 'histogram'
        ? family.distributions.flatMap((each) => histogramLines(name, family.bounds, each))
        : family.samples.map(({ labels, value }) => `${family.name}${inBraces(labels)} ${numberText(value)}`);
    return samples.length === 0 ? [] : [...head, ...samples];
  });
  return `${[...lines, '# EOF'].join('\n')}\n`;
}

function histogramLines(
  name: string,
  bounds: readonly number[],
  { labels, count, sum, ...each }: Distribution,
): string[] {
  let below = 0;
  const buckets = each.buckets.map((value, index) => {
    below += value;
    const le = bounds[index] === undefined ? '+Inf' : String(bounds[index]);
    return `${name}_bucket${inBraces({ ...labels, le })} ${below}${exemplarText(each.exemplars?.[index])}`;
  });
  return [...buckets, `${name}_count${inBraces(labels)} ${count}`, `${name}_sum${inBraces(labels)} ${numberText(sum)}`];
}

function exemplarText(exemplar: Exemplar | undefined): string {
  if (exemplar === undefined) return '';
  return ` # {trace_id="${exemplar.traceId}"} ${numberText(exemplar.value)} ${exemplar.at / 1000}`;
}

function inBraces(labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeText(value)}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeText(text: string): string {
  return text
    .replaceAll('\\', String.raw`\\`)
    .replaceAll('\n', String.raw`\n`)
    .replaceAll('"', String.raw`\"`);
}

function numberText(value: number): string {
  if (value === Infinity) return '+Inf';
  return value === -Infinity ? '-Inf' : String(value);
}
