import { canonical } from '../audit.ts';

/** Where what is decided now first differs from what was recorded. */
export interface Difference {
  /** Such as `facts[1].retryAtMs`. */
  readonly at: string;
  readonly recorded: unknown;
  /** Undefined where nothing of the kind is decided. */
  readonly decided: unknown;
}

export function firstDifference(recorded: unknown, decided: unknown, at = 'facts'): Difference | undefined {
  if (canonical(asJson(recorded)) === canonical(asJson(decided))) return undefined;
  if (isObject(recorded) && isObject(decided) && Array.isArray(recorded) === Array.isArray(decided)) {
    const keys = new Set([...Object.keys(recorded), ...Object.keys(decided)]);
    for (const key of keys) {
      const inside = firstDifference(
        recorded[key],
        decided[key],
        Array.isArray(recorded) ? `${at}[${key}]` : `${at}.${key}`,
      );
      if (inside !== undefined) return inside;
    }
  }
  return { at, recorded, decided };
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** As it is stored: what JSON does not have is not there. */
const asJson = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)));
