import { table } from '#cli/output.ts';
import { CALLS, FUNCTION_NAMES, MOMENTS, type Point, STEPS } from './points.ts';
import type { Quota } from './quota.ts';
import type { RoundResult } from './round.ts';

/** The figures of a soak, for docs/safety.md. */
export interface SoakReport {
  readonly recoveries: number;
  readonly instancesRecovered: number;
  readonly kills: number;
  readonly eventsAccepted: number;
  readonly eventsLost: number;
  readonly eventsTwice: number;
  readonly doubleEvacuations: number;
  readonly evacuationsWithoutProof: number;
  readonly auditRecords: number;
  /** From a process's start to its open endpoint. */
  readonly medianStartMs: number;
  readonly seconds: number;
  readonly broken: readonly string[];
  readonly notReached: readonly Point[];
  readonly survived: Readonly<Record<string, number>>;
}

export function reportOf(quota: Quota, rounds: readonly RoundResult[], seconds: number): SoakReport {
  const sum = (of: (round: RoundResult) => number): number => rounds.reduce((total, round) => total + of(round), 0);
  const starts = rounds.flatMap(({ startsMs }) => startsMs).sort((a, b) => a - b);
  return {
    recoveries: rounds.length,
    instancesRecovered: sum(({ recovered }) => recovered),
    kills: sum(({ kills }) => kills.length),
    eventsAccepted: sum(({ eventsAccepted }) => eventsAccepted),
    eventsLost: sum(({ eventsLost }) => eventsLost),
    eventsTwice: sum(({ eventsTwice }) => eventsTwice),
    doubleEvacuations: sum(({ doubleEvacuations }) => doubleEvacuations),
    evacuationsWithoutProof: sum(({ withoutProof }) => withoutProof),
    auditRecords: sum(({ auditRecords }) => auditRecords),
    medianStartMs: Math.round(starts[Math.floor(starts.length / 2)] ?? 0),
    seconds: Math.round(seconds),
    broken: rounds.flatMap(({ broken }) => broken),
    notReached: quota.missing(),
    survived: Object.fromEntries(quota.survived),
  };
}

/** Kills survived, point by point; a dash where a function has no such step. */
export function tables(survived: ReadonlyMap<Point, number>): string {
  const rows = (names: readonly string[], columns: readonly string[]) =>
    names.map((name) => [name, ...columns.map((column) => String(survived.get(`${name}/${column}` as Point) ?? '-'))]);
  return [
    table(['killed', ...STEPS], rows(FUNCTION_NAMES, STEPS)),
    '',
    table(['killed', ...MOMENTS], rows(CALLS, MOMENTS)),
    '',
  ].join('\n');
}
