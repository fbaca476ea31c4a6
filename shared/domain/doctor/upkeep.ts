import type { Disarmed } from '../guards.ts';
import type { Incident } from '../host.ts';
import type { Policy } from '../policy.ts';
import type { ReporterRow } from '../reporter-summary.ts';
import { type Beat, hasGap } from '../settling.ts';
import type { Look } from '../watch.ts';
import { lasting, note, type Symptom, trouble } from './symptom.ts';

/** Whether salvor itself is at work, by what it writes. Times are Unix ms. */
export interface Upkeep {
  readonly beat: Beat | undefined;
  /** Undefined where no look at Nova is on record. */
  readonly looked: Look | undefined;
  readonly disarmed: readonly { readonly segment: string | null; readonly disarmed: Disarmed }[];
  readonly incidents: readonly { readonly host: string; readonly incident: Incident }[];
  readonly reporters: readonly ReporterRow[];
  readonly unheard: readonly string[];
  readonly parked: readonly { readonly subject: string; readonly because: string; readonly lastAtMs: number }[];
  readonly unprotected: readonly { readonly host: string; readonly because: string }[];
}

/** `sweep` runs each minute, and a look is noted each minute. */
const LATE_MS = 180_000;
/** An incident is pushed on after half a minute. */
const OVERDUE_MS = 60_000;
/** Nova's services report each 10 s. */
const REPORTS_WITHIN_MS = 60_000;
const AHEAD_MS = 5_000;
const DAY_MS = 86_400_000;

export function upkeepSymptoms(upkeep: Upkeep, policy: Policy, nowMs: number): readonly Symptom[] {
  return [
    ...beating(upkeep, policy, nowMs),
    ...looking(upkeep, policy, nowMs),
    ...upkeep.disarmed.map(({ segment, disarmed: { by, reason, atMs } }) =>
      trouble('disarmed', segment ?? 'salvor', `by ${by} for ${lasting(nowMs - atMs)}: ${reason}`),
    ),
    ...upkeep.incidents.flatMap(({ host, incident }) => standing(host, incident, nowMs)),
    ...upkeep.reporters.flatMap(({ reporter, host, remarks }) =>
      remarks
        .filter((remark) => remark.startsWith('silent'))
        .map((remark) => trouble('reporter-silent', reporter, `of ${host}: ${remark}`)),
    ),
    ...upkeep.unheard.map((name) => note('reporter-unheard', name, 'it has never said anything')),
    ...upkeep.parked
      .filter(({ lastAtMs }) => nowMs - lastAtMs < DAY_MS)
      .map(({ subject, because, lastAtMs }) =>
        note('parked', subject, `${because} (${lasting(nowMs - lastAtMs)} ago)`),
      ),
    ...upkeep.unprotected.map(({ host, because }) =>
      because.startsWith('several') ? trouble('unprotected', host, because) : note('unprotected', host, because),
    ),
  ];
}

function beating({ beat }: Upkeep, { settling }: Policy, nowMs: number): readonly Symptom[] {
  if (beat === undefined) return [trouble('no-beat', 'salvor', 'sweep has never run')];
  const sinceMs = nowMs - beat.lastMs;
  if (sinceMs > LATE_MS || hasGap(beat, settling, nowMs))
    return [trouble('no-beat', 'salvor', `sweep has run for the last time ${lasting(sinceMs)} ago`)];
  if (beat.lastMs - nowMs > AHEAD_MS)
    return [trouble('clock', 'salvor', `its clock is ${lasting(beat.lastMs - nowMs)} ahead of the one here`)];
  const leftMs = beat.runningSinceMs + settling.pauseSeconds * 1000 - nowMs;
  return leftMs > 0 ? [note('settling', 'salvor', `it fences nobody for ${lasting(leftMs)} more`)] : [];
}

function looking({ looked }: Upkeep, { watch }: Policy, nowMs: number): readonly Symptom[] {
  if (watch.everySeconds === 0 || !watch.nova)
    return [note('watch-late', 'salvor', 'Nova is not looked at by itself: hosts without agents are not missed')];
  if (looked === undefined) return [trouble('watch-late', 'salvor', 'no look at Nova is on record')];
  const sinceMs = nowMs - looked.atMs;
  if (sinceMs > LATE_MS)
    return [trouble('watch-late', 'salvor', `Nova was looked at for the last time ${lasting(sinceMs)} ago`)];
  const { newestReportAtMs } = looked;
  if (newestReportAtMs === null) return [];
  const behindMs = looked.atMs - newestReportAtMs;
  if (behindMs < -AHEAD_MS)
    return [
      trouble('clock', 'Nova', `its newest report is from ${lasting(-behindMs)} in the future by salvor's clock`),
    ];
  if (behindMs <= REPORTS_WITHIN_MS) return [];
  return [
    trouble(
      'clock',
      'Nova',
      `its newest report of any compute service was ${lasting(behindMs)} old: its clock is behind, or its message bus is away`,
    ),
  ];
}

function standing(host: string, incident: Incident, nowMs: number): readonly Symptom[] {
  const overdueMs = nowMs - incident.dueAtMs;
  const says: string[] = [];
  if (overdueMs > OVERDUE_MS) says.push(`its next step is overdue for ${lasting(overdueMs)}`);
  if (incident.pausedBy !== null) says.push(`it waits: ${incident.pausedBy}`);
  if (incident.status === 'held')
    says.push(
      `held for ${lasting(nowMs - incident.sinceMs)}: ${incident.failedGates.map(({ because }) => because).join('; ')}`,
    );
  if (incident.status === 'stopped' || incident.status === 'handing-over')
    says.push(`${incident.status}: ${incident.reason}`);
  if ((incident.status === 'fencing' || incident.status === 'forcing-down') && incident.lastFailure !== null)
    says.push(`${incident.status}, ${incident.failures} times without success: ${incident.lastFailure}`);
  return says.map((each) => trouble('incident', host, each));
}
