import { Text } from '@mantine/core';
import { clock, lasting } from '../words.ts';

interface Moment {
  readonly stream: string;
  readonly seq: number;
  readonly atMs: number;
  readonly mark: string;
  readonly text: string;
}

const WIDTH = 1000;
const HEIGHT = 44;

/** What happened, drawn to scale; the list below it says the same in words. */
export function Scale({
  records,
  fromMs,
  untilMs,
}: {
  readonly records: readonly Moment[];
  readonly fromMs: number;
  readonly untilMs: number;
}) {
  const span = Math.max(1, untilMs - fromMs);
  const x = (atMs: number): number => (WIDTH * (atMs - fromMs)) / span;
  return (
    <figure className="scale">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`The course of ${lasting(span)}, to scale`}
      >
        <line x1="0" x2={WIDTH} y1={HEIGHT / 2} y2={HEIGHT / 2} className="scale-axis" />
        {records.map(({ stream, seq, atMs, mark, text }) => (
          <line
            key={`${stream} ${seq}`}
            x1={x(atMs)}
            x2={x(atMs)}
            y1="6"
            y2={HEIGHT - 6}
            className="scale-mark"
            data-mark={mark}
          >
            <title>{`${clock(atMs)} ${text}`}</title>
          </line>
        ))}
      </svg>
      <figcaption>
        <Text size="sm">
          {clock(fromMs)} to {clock(untilMs)}: {lasting(span)}
        </Text>
      </figcaption>
    </figure>
  );
}
