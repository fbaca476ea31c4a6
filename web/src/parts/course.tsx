import type { IncidentTold } from '../api.ts';
import { clock, lasting, MARK } from '../words.ts';
import { drawnIn } from './state.tsx';

type Told = IncidentTold['records'][number];

interface Part {
  readonly name: string;
  readonly colour: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** The parts of an incident, each from the record that begins it to the one that ends it. */
const PARTS = [
  { name: 'Grace period and gates', colour: 'yellow', from: 'incident-opened', until: 'confirmed' },
  { name: 'Fencing', colour: 'red', from: 'confirmed', until: 'proof-made' },
  { name: 'Telling Nova', colour: 'grape', from: 'proof-made', until: 'forced-down' },
  { name: 'Planning', colour: 'cyan', from: 'forced-down', until: 'planned' },
  { name: 'Bringing back', colour: 'blue', from: 'planned', until: 'incident-closed' },
] as const;

/** @param untilMs when it ended, or now */
function partsOf(records: readonly Told[], untilMs: number): readonly Part[] {
  const own = records.filter(({ stream }) => stream.startsWith('incident#'));
  const first = (type: string): number | undefined => own.find((each) => each.type === type)?.atMs;
  return PARTS.flatMap(({ name, colour, from, until }) => {
    const fromMs = first(from);
    return fromMs === undefined ? [] : [{ name, colour, fromMs, untilMs: first(until) ?? untilMs }];
  });
}

interface CourseProps {
  readonly records: readonly Told[];
  readonly fromMs: number;
  readonly untilMs: number;
}

/** From the first report to the last instance, to scale. */
export function Course({ records, fromMs, untilMs }: CourseProps) {
  const span = Math.max(1, untilMs - fromMs);
  const at = (ms: number): string => `${(100 * (ms - fromMs)) / span}%`;
  const told = records.flatMap(({ told: line, ...record }) => (line === null ? [] : [{ ...record, ...line }]));
  return (
    <section aria-label={`The course of ${lasting(span)}, to scale`}>
      <ol className="phases">
        {partsOf(records, untilMs).map((part) => (
          <li key={part.name}>
            <span>
              {part.name} <b>{lasting(part.untilMs - part.fromMs)}</b>
              <span className="visually-hidden">{`, from ${lasting(part.fromMs - fromMs)} on`}</span>
            </span>
            <div className="phase-lane" aria-hidden="true">
              <div
                className="phase-bar"
                data-coloured=""
                style={{
                  ...drawnIn(part.colour),
                  left: at(part.fromMs),
                  width: `${(100 * (part.untilMs - part.fromMs)) / span}%`,
                }}
              />
            </div>
          </li>
        ))}
        <li>
          <span>
            What happened <b>{told.length}</b>
            <span className="visually-hidden"> records: the list below tells each</span>
          </span>
          <div className="moments" aria-hidden="true">
            {told.map(({ stream, seq, atMs, mark, text }) => (
              <div
                key={`${stream} ${seq}`}
                className="moment"
                data-coloured=""
                style={{ ...drawnIn(MARK[mark].colour), left: at(atMs) }}
                title={`${clock(atMs)} ${text}`}
              />
            ))}
          </div>
        </li>
      </ol>
      <p className="axis">
        <span>{clock(fromMs)}</span>
        <span>{clock(untilMs)} UTC</span>
      </p>
    </section>
  );
}
