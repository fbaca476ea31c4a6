import type { Server } from '#shared/ports.ts';
import { type Candidate, contenders, pickDestination, taken } from '../destinations.ts';
import { type Draining, type DrainSight, type LeftHere, notMovable, type Ready } from './maintenance.ts';

/** An item holds 400 KB. */
const KEPT_LEFT = 500;

type Here = Pick<Server, 'id' | 'name' | 'vmState' | 'taskState' | 'memoryMb' | 'vcpus'>;

/** `ready` are to be asked for now, as many as there are free places, each with who would take it. */
export type Sorted = Pick<DrainSight, 'waiting' | 'left' | 'leftOut'> & {
  readonly ready: readonly Omit<Ready, 'lastMigrationId'>[];
};

/** What of the instances on a host that is drained may be asked for now, what waits, and what stays and why. */
export function sortOut(
  { moves, tried }: Draining,
  servers: readonly Here[],
  candidates: readonly Candidate[],
  free: number,
  nowMs: number,
): Sorted {
  const ready: Omit<Ready, 'lastMigrationId'>[] = [];
  const left: LeftHere[] = [];
  let waiting = 0;
  let among = candidates;
  for (const { id: instanceId, name, memoryMb, vcpus, ...server } of [...servers].sort((a, b) =>
    a.id < b.id ? -1 : 1,
  )) {
    if (moves[instanceId] !== undefined) continue;
    const before = tried[instanceId];
    const why = notMovable(server);
    // A task ends; what it leaves may be live-migrated.
    if (why !== undefined && server.taskState === null) left.push({ instanceId, name, because: why });
    else if (before?.retryAtMs === null) left.push({ instanceId, name, because: before.because });
    else if (why !== undefined || (before?.retryAtMs ?? 0) > nowMs || ready.length >= free) waiting += 1;
    else {
      const wanting = { memoryMb, vcpus, notAt: before?.failedAt ?? [] };
      ready.push({
        instanceId,
        name,
        memoryMb,
        vcpus,
        candidates: contenders(among, wanting, Number.POSITIVE_INFINITY),
      });
      const picked = pickDestination(among, wanting, Number.POSITIVE_INFINITY);
      if (picked.pick === 'host') among = taken(among, picked.host, wanting);
    }
  }
  const goesOn = ready.length > 0 || waiting > 0 || Object.keys(moves).length > 0;
  if (goesOn) return { ready, waiting, left: [], leftOut: 0 };
  return { ready, waiting, left: left.slice(0, KEPT_LEFT), leftOut: Math.max(0, left.length - KEPT_LEFT) };
}
