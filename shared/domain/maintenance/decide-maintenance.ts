import type { ComputeService } from '#shared/ports.ts';
import { ANSWER_DUE_MS } from '../answer-due.ts';
import { pickDestination, withRoom } from '../destinations.ts';
import { isMaintenance } from '../gates/of-host.ts';
import type { HostState } from '../host.ts';
import { moveEnded } from '../move-ends.ts';
import { type MoveFact, type MoveSight, settleMove } from '../moves.ts';
import type { Policy } from '../policy.ts';
import { changeFailed, serviceOutcome, stillSays } from '../return/decide-return.ts';
import type { ReturnFact, ServiceFact } from '../return/facts.ts';
import { endsReturn, returnAskedFor } from '../return/open-return.ts';
import type { AskedFor } from '../return/returning.ts';
import {
  type Disabling,
  type Draining,
  type DrainSight,
  disabledReasonOf,
  type Maintenance,
  type MaintenanceFact,
} from './maintenance.ts';

type Facts = readonly (MaintenanceFact | ServiceFact | MoveFact | ReturnFact)[];
type Limits = Policy['maintenance'];
export type SeenService = Pick<ComputeService, 'id' | 'status' | 'disabledReason' | 'state' | 'forcedDown'>;

/** How soon Nova is asked again when it did not answer, or while salvor is switched off. */
const LOOK_AGAIN_MS = 10_000;

export type MaintenanceDecision =
  | { readonly do: 'commit'; readonly facts: Facts }
  /** Commit the intent, then send the one request. */
  | { readonly do: 'disable'; readonly facts: Facts; readonly reason: string };

/** One look at a host that is to be disabled. One that somebody has disabled before is left as it is. */
export function decideDisabling(
  { serviceId }: Pick<HostState, 'serviceId'>,
  maintenance: Disabling,
  service: SeenService | null,
  atMs: number,
  random: number,
): MaintenanceDecision {
  const { id: of, asked, failures } = maintenance;
  const reason = disabledReasonOf(maintenance);
  if (service === null || service.id !== serviceId)
    return {
      do: 'commit',
      facts: [ended(maintenance, null, `Nova has no compute service ${serviceId} of this name`, atMs)],
    };
  const began: MaintenanceFact = {
    type: 'maintenance-began',
    maintenanceId: of,
    disabledReason: service.disabledReason,
    atMs,
  };
  const changed = serviceOutcome(of, 'disable', {}, service, atMs, reason);
  // What the answer has told already is no news.
  if (changed !== undefined) return { do: 'commit', facts: asked ? [changed, began] : [began] };
  const rules = { segment: null };
  if (asked)
    return {
      do: 'commit',
      facts: [changeFailed(of, 'disable', stillSays(service), failures, rules, atMs, random)],
    };
  // One that has disabled itself enables itself again: that is no maintenance.
  if (isMaintenance(service)) return { do: 'commit', facts: [began] };
  const dueAtMs = atMs + ANSWER_DUE_MS;
  const intended: ServiceFact = {
    type: 'service-change-intended',
    of,
    change: 'disable',
    serviceId,
    reason,
    checks: [],
    atMs,
    dueAtMs,
  };
  return { do: 'disable', facts: [intended], reason };
}

/** Nova can't be read. */
export const looksAgain = (atMs: number): Extract<MaintenanceFact, { type: 'maintenance-looked' }> => ({
  type: 'maintenance-looked',
  nextLookAtMs: atMs + LOOK_AGAIN_MS,
});

/** One look at a host that is drained: settle what has ended, ask for the next ones, and end when none is left to ask for. */
export function decideDraining(
  { id: of, moves, tried, moved, pausedBy }: Draining,
  sight: DrainSight,
  limits: Limits,
  random: number,
): Facts {
  const { atMs, host: from, halted, ready, waiting, left, leftOut } = sight;
  const settled = sight.moving.flatMap((seen): readonly MoveFact[] => {
    const move = moves[seen.instanceId];
    if (move === undefined) return [];
    const become = settleMove(move, seen, limits, atMs);
    if (become === 'waits' || (become === 'running' && move.answer !== 'unknown' && move.answer !== 'none')) return [];
    if (become === 'running') return [{ type: 'move-found', of, instanceId: seen.instanceId, atMs }];
    const attempts = (tried[seen.instanceId]?.attempts ?? 0) + 1;
    return [moveEnded(of, seen.instanceId, become, attempts, limits, atMs, random)];
  });
  const nextLookAtMs = atMs + limits.pollSeconds * 1000;
  const looked: MaintenanceFact = { type: 'maintenance-looked', nextLookAtMs };
  const isOver = (seen: MoveSight): boolean =>
    settled.some((fact) => fact.type === 'move-ended' && fact.instanceId === seen.instanceId);
  const running = sight.moving.filter((seen) => !isOver(seen)).length;
  if (settled.length > 0) return [...settled, looked];
  if (running === 0 && ready.length === 0 && waiting === 0)
    return [{ type: 'drained', maintenanceId: of, moved, left, leftOut, atMs }];
  if (halted !== null && ready.length > 0)
    return [
      ...(pausedBy === halted ? [] : [{ type: 'drain-paused', maintenanceId: of, because: halted, atMs } as const]),
      { type: 'maintenance-looked', nextLookAtMs: Math.max(nextLookAtMs, atMs + LOOK_AGAIN_MS) },
    ];
  const free = Math.max(0, limits.maxInFlight - running);
  const intended = ready.slice(0, free).map((each): MoveFact => {
    const { instanceId, name, memoryMb, vcpus, lastMigrationId } = each;
    const notAt = tried[instanceId]?.failedAt ?? [];
    const candidates = each.candidates.map(withRoom);
    const picked = pickDestination(candidates, { memoryMb, vcpus, notAt }, Number.POSITIVE_INFINITY);
    const attempt = (tried[instanceId]?.attempts ?? 0) + 1;
    const to = picked.pick === 'host' ? picked.host : null;
    return { type: 'move-intended', of, instanceId, name, from, to, attempt, intendedAtMs: atMs, lastMigrationId };
  });
  return [...intended, looked];
}

const ended = (maintenance: Maintenance, said: AskedFor | null, because: string, atMs: number): MaintenanceFact => ({
  type: 'maintenance-ended',
  maintenanceId: maintenance.id,
  commandId: said?.commandId ?? null,
  by: said?.by ?? null,
  because,
  unsettled: maintenance.status === 'disabling' && maintenance.asked ? 'disable' : null,
  atMs,
});

/**
 * The end of a maintenance: the host is on its way back, if salvor has anything to undo there. What is still being
 * live-migrated goes on in Nova.
 */
export function endsMaintenance(
  host: HostState,
  maintenance: Maintenance,
  said: AskedFor | null,
  { returnId, segment }: { readonly returnId: string; readonly segment: string | null },
  atMs: number,
): Facts {
  const moves = maintenance.status === 'draining' ? Object.values(maintenance.moves) : [];
  const given = moves.map(
    ({ instanceId }): MoveFact => ({
      type: 'move-ended',
      of: maintenance.id,
      instanceId,
      outcome: 'left',
      because: 'the maintenance has ended',
      host: null,
      atMs,
      retryAtMs: null,
    }),
  );
  const because = said === null ? 'its time is over' : said.reason;
  const { ours } = host;
  const hasOurs = ours?.disabled !== undefined || ours?.forcedDownAtMs !== undefined;
  const by = said ?? { commandId: maintenance.id, by: maintenance.by, reason: maintenance.reason };
  const back = returnAskedFor(host, returnId, segment, `its maintenance has ended: ${because}`, by, atMs);
  return [...given, ended(maintenance, said, because, atMs), ...(hasOurs ? [back] : [])];
}

/** Planned work begins; a return that is open ends. */
export const opensMaintenance = (
  host: Pick<HostState, 'returning'>,
  { id: maintenanceId, by, reason }: { readonly id: string; readonly by: string; readonly reason: string },
  { drain, untilMs }: { readonly drain: boolean; readonly untilMs: number | null },
  atMs: number,
): Facts => [
  ...endsReturn(host, 'maintenance', `in maintenance by ${by}: ${reason}`, atMs),
  { type: 'maintenance-opened', maintenanceId, by, reason, drain, untilMs, atMs },
];
