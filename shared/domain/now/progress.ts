import { waitsOf } from '../follow.ts';
import type { GateName } from '../gates/gate.ts';
import { isReleasable } from '../gates/release.ts';
import type { HostState, Incident } from '../host.ts';
import type { TaskOutcome, TaskState } from '../task.ts';
import { whyThere } from './why-there.ts';

/** How far an instance is. */
export type Phase = 'waiting' | 'evacuating' | 'restoring' | TaskOutcome;

export interface InstanceRow {
  readonly instanceId: string;
  readonly name: string;
  readonly phase: Phase;
  /** Where it is brought, or was; null while that is not decided. */
  readonly destination: string | null;
  readonly why: string;
  /** Unix ms; null while it has not come to that. */
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  readonly attempts: number;
}

/** An open incident, for who looks at it now. Times are Unix ms. */
export interface OpenNow {
  readonly id: string;
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly status: Incident['status'];
  readonly openedAtMs: number;
  /** Why it stands where it does, a line each; none where its status says it. */
  readonly why: readonly string[];
  /** The gates that hold it, and whether a person may let it pass them. */
  readonly closed: readonly { readonly gate: GateName; readonly releasable: boolean }[];
  /** Instances by phase. */
  readonly counts: Readonly<Partial<Record<Phase, number>>>;
  readonly total: number;
  readonly instances: readonly InstanceRow[];
}

export function openNow(
  { name: host, key: hostKey }: Pick<HostState, 'name' | 'key'>,
  incident: Incident,
  tasks: readonly TaskState[],
): OpenNow {
  const instances = tasks.map(instanceRow);
  const counts: Partial<Record<Phase, number>> = {};
  for (const { phase } of instances) counts[phase] = (counts[phase] ?? 0) + 1;
  const { id, segment, status, openedAtMs } = incident;
  return {
    id,
    host,
    hostKey,
    segment,
    status,
    openedAtMs,
    why: [...whyThere(incident), ...waitsOf(tasks)],
    closed:
      incident.status === 'held'
        ? incident.failedGates.map(({ gate }) => ({ gate, releasable: isReleasable(gate) }))
        : [],
    counts,
    total: instances.length,
    instances,
  };
}

export function instanceRow({ instanceId, name, progress, attempts }: TaskState): InstanceRow {
  const row = { instanceId, name, attempts, why: '', endedAtMs: null };
  switch (progress.status) {
    case 'waiting':
      return { ...row, phase: 'waiting', destination: null, why: progress.because, startedAtMs: null };
    case 'granted':
    case 'requested':
    case 'accepted':
    case 'unknown': {
      const { attempt } = progress;
      const why = progress.status === 'unknown' ? progress.error : '';
      return { ...row, phase: 'evacuating', destination: attempt.destination, why, startedAtMs: attempt.grantedAtMs };
    }
    case 'ended': {
      const { outcome, because, destination, atMs } = progress;
      return { ...row, phase: outcome, destination, why: because, startedAtMs: null, endedAtMs: atMs };
    }
    case 'restoring': {
      const { destination, because } = progress;
      return { ...row, phase: 'restoring', destination, why: because, startedAtMs: null };
    }
  }
}
