import { useMantineColorScheme } from '@mantine/core';
import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import { date } from '../words.ts';

export interface Point {
  readonly atMs: number;
  readonly fencedMs: number | null;
  readonly lastBackMs: number | null;
}

const HEIGHT = 260;
const DAY = 86_400;
/** In UTC, and no finer than the ticks lie apart; seconds. */
function timeOf(tick: number, step: number): string {
  const text = new Date(tick * 1000).toISOString();
  if (step >= DAY) return text.slice(0, 10);
  return step >= 60 ? `${text.slice(5, 10)} ${text.slice(11, 16)}` : text.slice(11, 19);
}
const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);
const colour = (element: Element, name: string): string => getComputedStyle(element).getPropertyValue(name);

/** What each incident took, over time. Who can not see it has the table of the same page. */
export function Trend({ points }: { readonly points: readonly Point[] }) {
  const place = useRef<HTMLDivElement>(null);
  const { colorScheme } = useMantineColorScheme();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another scheme has other colours
  useEffect(() => {
    const element = place.current;
    if (element === null) return;
    const ink = { stroke: colour(element, '--mantine-color-text'), grid: { stroke: 'rgb(128 128 128 / 25%)' } };
    const series = (label: string, of: string, shape: object): uPlot.Series => ({
      label,
      stroke: colour(element, of),
      width: 1.5,
      spanGaps: true,
      points: { show: true, size: 7, ...shape },
      value: (_, value) => (value === null ? '–' : `${value.toFixed(1)} s`),
    });
    const chart = new uPlot(
      {
        width: element.clientWidth,
        height: HEIGHT,
        tzDate: (at) => uPlot.tzDate(new Date(at * 1000), 'Etc/UTC'),
        scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
        axes: [
          { ...ink, values: (_, ticks, __, ___, step) => ticks.map((tick) => timeOf(tick, step)) },
          { ...ink, label: 'seconds', size: 60 },
        ],
        series: [
          { label: 'opened (UTC)', value: (_, at) => (at === null ? '–' : date(at * 1000)) },
          series('all back (RTO)', '--mantine-color-blue-5', { fill: colour(element, '--mantine-color-blue-5') }),
          { ...series('proven off', '--mantine-color-orange-6', {}), dash: [4, 4] },
        ],
      },
      [
        points.map(({ atMs }) => atMs / 1000),
        points.map(({ lastBackMs }) => seconds(lastBackMs)),
        points.map(({ fencedMs }) => seconds(fencedMs)),
      ],
      element,
    );
    const watch = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height: HEIGHT }));
    watch.observe(element);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [points, colorScheme]);
  return <div ref={place} className="trend" aria-hidden="true" />;
}
