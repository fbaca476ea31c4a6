/** How long recoveries took, by what is on record of them; for a forecast, never a promise. */
export interface Pace {
  /** From the first report of a failure to the confirmation, where Nova had to see the host down first. */
  readonly novaDownSeconds: Figure;
  /** From the confirmation that a host is down to the plan of its recovery: it was fenced and forced down by then. */
  readonly fencingSeconds: Figure;
  /** From the grant of an evacuation to the instance being well elsewhere, by how many were in flight then at least. */
  readonly evacuationSeconds: readonly (Figure & { readonly inFlight: number })[];
  /** From there on, of an instance that is made anew of a snapshot: to its being started. */
  readonly rebuildSeconds: Figure;
}

export interface Figure {
  readonly seconds: number;
  /** How many were measured; 0: it is assumed. */
  readonly of: number;
}

/** What is taken where nothing is on record. */
export interface Assumed {
  readonly novaDownSeconds: number;
  readonly fencingSeconds: number;
  readonly evacuationSeconds: number;
  readonly rebuildSeconds: number;
}

/** One evacuation that ended well. */
export interface Measured {
  readonly seconds: number;
  readonly inFlight: number;
}

/** In seconds, one for each that was measured. */
export interface Records {
  readonly novaDowns: readonly number[];
  readonly fencings: readonly number[];
  readonly evacuations: readonly Measured[];
  readonly rebuilds: readonly number[];
}

/** Nova's conductor and the destinations are slower the more there is to do. */
const STEPS = [1, 5, 20, 50, 200] as const;

export function paceOf({ novaDowns, fencings, evacuations, rebuilds }: Records, assumed: Assumed): Pace {
  const all = figure(
    evacuations.map(({ seconds }) => seconds),
    assumed.evacuationSeconds,
  );
  const evacuationSeconds = STEPS.map((inFlight, index) => {
    const next = STEPS[index + 1] ?? Number.POSITIVE_INFINITY;
    const own = evacuations.filter((each) => each.inFlight >= inFlight && each.inFlight < next);
    return {
      inFlight,
      ...(own.length === 0
        ? all
        : figure(
            own.map(({ seconds }) => seconds),
            0,
          )),
    };
  });
  return {
    novaDownSeconds: figure(novaDowns, assumed.novaDownSeconds),
    fencingSeconds: figure(fencings, assumed.fencingSeconds),
    evacuationSeconds,
    rebuildSeconds: figure(rebuilds, assumed.rebuildSeconds),
  };
}

/** Of an evacuation while so many are in flight. */
export const secondsAt = ({ evacuationSeconds }: Pace, inFlight: number): number =>
  evacuationSeconds.findLast((each) => each.inFlight <= Math.max(1, inFlight))?.seconds ?? 0;

/** From the first report to the first evacuation of a host of this segment. */
export const evacuatesAt = (
  { graceSeconds, requireNovaDown }: { readonly graceSeconds: number; readonly requireNovaDown: boolean },
  { novaDownSeconds, fencingSeconds }: Pace,
): number => Math.max(graceSeconds, requireNovaDown ? novaDownSeconds.seconds : 0) + fencingSeconds.seconds;

function figure(measured: readonly number[], assumed: number): Figure {
  if (measured.length === 0) return { seconds: assumed, of: 0 };
  const sorted = measured.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return { seconds: (low + high) / 2, of: measured.length };
}
