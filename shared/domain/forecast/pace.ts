/** How long recoveries took, by what is on record of them; for a forecast, never a promise. */
export interface Pace {
  /** From the confirmation that a host is down to the plan of its recovery: it was fenced and forced down by then. */
  readonly fencingSeconds: Figure;
  /** From the grant of an evacuation to the instance being well elsewhere, by how many were in flight then at least. */
  readonly evacuationSeconds: readonly (Figure & { readonly inFlight: number })[];
}

export interface Figure {
  readonly seconds: number;
  /** How many were measured; 0: it is assumed. */
  readonly of: number;
}

/** What is taken where nothing is on record. */
export interface Assumed {
  readonly fencingSeconds: number;
  readonly evacuationSeconds: number;
}

/** One evacuation that ended well. */
export interface Measured {
  readonly seconds: number;
  readonly inFlight: number;
}

/** Nova's conductor and the destinations are slower the more there is to do. */
const STEPS = [1, 5, 20, 50, 200] as const;

export function paceOf(fencings: readonly number[], evacuations: readonly Measured[], assumed: Assumed): Pace {
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
  return { fencingSeconds: figure(fencings, assumed.fencingSeconds), evacuationSeconds };
}

/** Of an evacuation while so many are in flight. */
export const secondsAt = ({ evacuationSeconds }: Pace, inFlight: number): number =>
  evacuationSeconds.findLast((each) => each.inFlight <= Math.max(1, inFlight))?.seconds ?? 0;

function figure(measured: readonly number[], assumed: number): Figure {
  if (measured.length === 0) return { seconds: assumed, of: 0 };
  const sorted = measured.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = 0, high = 0] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return { seconds: (low + high) / 2, of: measured.length };
}
