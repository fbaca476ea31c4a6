import type { Evidence, Surroundings } from '#shared/domain/gates/evidence.ts';
import type { GateName, Rules } from '#shared/domain/gates/gate.ts';
import { type GuardState, withStorm, withTicket } from '#shared/domain/guards.ts';
import type { IncidentFact } from '#shared/domain/host.ts';
import type { StormLimits } from '#shared/domain/policy-guards.ts';
import type { StateWrite } from '#shared/ports.ts';
import { type GuardName, guardWrite } from '#shared/state/guards.ts';
import type { Loaded } from '#shared/state/items.ts';
import type { GateReading } from './live.ts';

/** What a confirmation, or a hold by a storm, changes in both guards; for the transaction that commits its facts (S5). */
export function guardWrites(
  facts: readonly IncidentFact[],
  { evidence, guards, old }: GateReading,
  { policy, segment }: Rules,
  incidentId: string,
): readonly StateWrite[] {
  const confirmed = facts.some((fact) => fact.type === 'confirmed') && segment.mode === 'enforce';
  const closed = facts.flatMap(closedGates);
  const write = (
    name: GuardName,
    guard: Loaded<GuardState>,
    around: Surroundings,
    limits: StormLimits,
    storms: readonly GateName[],
  ): readonly StateWrite[] => {
    let next = guard.value;
    const ticket = { hostKey: evidence.host.key, incidentId, atMs: evidence.atMs };
    // Written either way: what was counted holds only if nobody has confirmed another host since.
    if (confirmed) next = old ? { ...next } : withTicket(next, ticket);
    if (closed.some((gate) => storms.includes(gate)))
      next = withStorm(next, newestSuspicion(around, evidence), limits.coolDownSeconds, evidence.atMs);
    return next === guard.value ? [] : [guardWrite(name, guard, next)];
  };
  const { ofSegment, ofAll } = evidence;
  return [
    ...write({ segment: segment.name }, guards.segment, ofSegment, segment.storm, [
      'segment-storm',
      'segment-cool-down',
    ]),
    ...write('global', guards.global, ofAll, policy.global.storm, ['global-storm', 'global-cool-down']),
  ];
}

const newestSuspicion = ({ openedAtMs }: Surroundings, { atMs }: Evidence): number => openedAtMs[0] ?? atMs;

function closedGates(fact: IncidentFact): readonly GateName[] {
  if (fact.type === 'held') return fact.gates.flatMap((gate) => (gate.open ? [] : [gate.gate]));
  return fact.type === 'still-held' ? fact.failedGates.map(({ gate }) => gate) : [];
}
