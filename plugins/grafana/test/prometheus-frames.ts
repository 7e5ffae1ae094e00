import type { JsonObject } from '@automate/sdk';

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

interface Query {
  readonly expr: string;
  readonly instant: boolean;
  readonly from: string;
  readonly to: string;
}

/** What Grafana's Prometheus data source makes of an answer of Prometheus: one frame with two columns for each series. */
export async function toFrames(prometheus: string, { expr, instant, from, to }: Query): Promise<JsonObject> {
  const parameters = instant
    ? new URLSearchParams({ query: expr })
    : new URLSearchParams({ query: expr, start: secondsOf(from), end: secondsOf(to), step: '15' });
  const response = await fetch(`${prometheus}/api/v1/${instant ? 'query' : 'query_range'}?${parameters.toString()}`);
  const answer = (await response.json()) as { status: string; error?: string; data?: { result: Sample[] } };
  if (answer.status !== 'success')
    return { status: response.status, error: answer.error ?? '', errorSource: 'downstream' };
  const frames = (answer.data?.result ?? []).map(({ metric, value, values }) => {
    const samples = values ?? (value === undefined ? [] : [value]);
    const fields = [
      { name: 'Time', type: 'time' },
      { name: 'Value', type: 'number', labels: metric },
    ];
    return {
      schema: { name: metric['__name__'] ?? '', refId: 'A', fields },
      data: {
        values: [samples.map(([time]) => time * 1000), samples.map(([, number]) => jsonNumber(number))],
        ...entitiesOf(samples.map(([, number]) => number)),
      },
    };
  });
  return { status: 200, frames } as unknown as JsonObject;
}

/** `now`, `now-1h` or milliseconds, as Unix seconds. */
function secondsOf(moment: string): string {
  const relative = /^now(?:-(\d+)([smh]))?$/.exec(moment);
  if (relative === null) return String(Number(moment) / 1000);
  const unit = { s: 1, m: 60, h: 3600 }[relative[2] ?? 's'] ?? 1;
  return String(Date.now() / 1000 - Number(relative[1] ?? 0) * unit);
}

/** What JSON has no word for is null. */
function jsonNumber(text: string): number | null {
  const number = Number(text);
  return Number.isFinite(number) ? number : null;
}

/** Beside the values: which of them were NaN or an infinity; nothing where none was. */
function entitiesOf(texts: readonly string[]): JsonObject {
  const placesOf = (word: string): number[] => texts.flatMap((text, index) => (text === word ? [index] : []));
  const all = { NaN: placesOf('NaN'), Inf: placesOf('+Inf'), NegInf: placesOf('-Inf') };
  const found = Object.entries(all).filter(([, places]) => places.length > 0);
  return found.length === 0 ? {} : { entities: [null, Object.fromEntries(found)] };
}
