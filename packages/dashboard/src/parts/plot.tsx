import { useEffect, useRef } from 'preact/hooks';
import UPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { usePage } from '../state/page-state.ts';

export interface PlotProps {
  readonly title: string;
  /** Of the values, after each of them. */
  readonly unit: string;
  /** Moments in seconds, in order. */
  readonly times: readonly number[];
  readonly series: readonly { readonly name: string; readonly values: readonly (number | null)[] }[];
}

const HEIGHT = 150;
/** So that the first values do not stand for ages. */
const SHORTEST_S = 120;

/** Values over time. What it shows in short stands beside it as text, for those who see no plot. */
export function Plot({ title, unit, times, series }: PlotProps) {
  const { theme } = usePage();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot>();
  const chosen = theme.chosen.value;
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const [quiet, line, ...colours] = ['--quiet', '--line', '--series-1', '--series-2'].map((name) =>
      readColour(element, name),
    );
    const axis = {
      stroke: quiet ?? '',
      grid: { stroke: line ?? '', width: 1 },
      ticks: { show: false },
      font: '11px system-ui',
    };
    const made = new UPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        legend: { show: false },
        cursor: { show: false },
        series: [
          {},
          ...series.map(({ name }, index) => ({
            label: name,
            stroke: colours[index] ?? '',
            width: 1.5,
          })),
        ],
        axes: [
          { ...axis, space: 70 },
          { ...axis, size: 56, values: (_plot, splits) => splits.map((each) => `${each} ${unit}`) },
        ],
        scales: {
          x: { range: (_plot, low, high) => [Math.min(low, high - SHORTEST_S), high] },
          y: { range: (_plot, _low, high) => [0, high > 0 ? high * 1.1 : 1] },
        },
      },
      toData(times, series),
      element,
    );
    plot.current = made;
    const watcher = new ResizeObserver(() => made.setSize({ width: element.clientWidth, height: HEIGHT }));
    watcher.observe(element);
    return () => {
      watcher.disconnect();
      made.destroy();
    };
  }, [chosen, series.length]);
  useEffect(() => {
    plot.current?.setData(toData(times, series));
  }, [times, series]);
  return (
    <figure class="plot">
      <figcaption>
        <span class="plot-title">{title}</span>
        {series.map(({ name, values }, index) => (
          <span key={name} class={`plot-key plot-key-${index + 1}`}>
            {name}: {describeLast(values, unit)}
          </span>
        ))}
      </figcaption>
      <div ref={place} class="plot-place" role="img" aria-label={`${title} over time`} />
    </figure>
  );
}

/** For a single moment the library would show years: it gets an empty one before it. */
function toData(times: PlotProps['times'], series: PlotProps['series']): UPlot.AlignedData {
  const [only] = times;
  if (times.length !== 1 || only === undefined) return [[...times], ...series.map(({ values }) => [...values])];
  return [[only - SHORTEST_S, only], ...series.map(({ values }) => [null, ...values])];
}

function describeLast(values: readonly (number | null)[], unit: string): string {
  const last = values.findLast((value) => value !== null);
  return last === undefined || last === null ? 'none yet' : `${Number(last.toPrecision(3))} ${unit}`;
}

/** A colour of the theme as a canvas takes it. */
function readColour(element: HTMLElement, name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  element.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
