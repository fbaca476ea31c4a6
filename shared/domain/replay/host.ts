import type { PowerOffAnswer } from '#shared/ports.ts';
import type { HostBasis, ReadingBasis } from '../basis.ts';
import { decideConfirmation, holdForOutage, waitsForProbes } from '../confirm.ts';
import { deadlinePassed } from '../deadline.ts';
import { withRoom } from '../destinations.ts';
import { bindingFaultOf, type KnownDevice, wordsOf } from '../device-binding.ts';
import { decideAfterPowerOff, decideFencing, powerOffAnswered } from '../fence.ts';
import { fenceLevelsOf } from '../fence-device.ts';
import { fenceFailed } from '../fence-failed.ts';
import { attemptsAt, type TimedReading } from '../fence-levels.ts';
import { closeIncident, proofFault } from '../follow.ts';
import { decideForcingDown, forceDownFailed, forceDownIntended } from '../force-down.ts';
import type { Evidence } from '../gates/evidence.ts';
import {
  type HostFact,
  type HostState,
  type Incident,
  type IncidentStatus,
  isOfHostStream,
  isSilentFact,
} from '../host.ts';
import { leavingTasks } from '../leaving-tasks.ts';
import { decideOnIncident, type OnIncident } from '../operator.ts';
import { pause } from '../pause.ts';
import { planned, planningFailed } from '../planned.ts';
import type { Policy, Segment } from '../policy.ts';
import { lastSeenUpMs } from '../reports.ts';
import { decideGiveBack, decideWake, lostAnswer, type ReservedUse, type WakeBasis } from '../reserved-hosts.ts';
import { withReturn } from '../return/open-return.ts';
import { headsOf } from '../verify.ts';
import { CannotDecide } from './cannot-decide.ts';
import { decideCareAgain, isCareBasis } from './care.ts';
import type { HostDecision } from './log.ts';
import { reportsAgain } from './reports.ts';
import type { ReplayedTasks } from './tasks.ts';

type FactOf<T extends HostFact['type']> = Extract<HostFact, { type: T }>;

/**
 * What is decided of a host on what was recorded, in the state that it was in.
 * @param tasks those of the incident, as they were replayed
 * @throws CannotDecide when the log or the policy does not hold what it takes
 */
export const decideHostAgain = (
  host: HostState,
  decision: HostDecision,
  policy: Policy,
  tasks: ReplayedTasks | undefined,
): readonly HostFact[] =>
  hostFirst(
    withReturn(host, leavingTasks(decide(host, decision, policy, tasks), tasks?.atEnd() ?? [], host.incident), policy),
  );

/** As the log has them: what goes to the host's own stream stands before what goes to its incident's. */
const hostFirst = (facts: readonly HostFact[]): readonly HostFact[] => [
  ...facts.filter(isOfHostStream),
  ...facts.filter((fact) => !isOfHostStream(fact)),
];

function decide(
  host: HostState,
  decision: HostDecision,
  policy: Policy,
  tasks: ReplayedTasks | undefined,
): readonly HostFact[] {
  const { basis } = decision;
  if (basis === undefined) throw new CannotDecide('an older salvor recorded it, without what it was decided on');
  const facts = decision.facts as readonly unknown[] as readonly HostFact[];
  const find = <T extends HostFact['type']>(type: T): FactOf<T> | undefined =>
    facts.find((fact): fact is FactOf<T> => fact.type === type);
  if (basis.by === 'reports') return reportsAgain(host, facts, basis, policy);
  if (basis.by === 'late-answer') return facts;
  // Ticks of its timer are not on record.
  if (isCareBasis(basis)) return decideCareAgain(host, facts, basis, policy).filter((fact) => !isSilentFact(fact));
  const incident = incidentOf(host);
  const segment = segmentOf(policy, incident.segment);
  const { atMs } = basis;
  switch (basis.by) {
    case 'gates': {
      const open = inStatus(incident, ['suspected', 'held']);
      const evidence = evidenceIn(facts);
      if (evidence !== null) {
        if (waitsForProbes(open, evidence, { policy, segment }))
          throw new CannotDecide('what would have been tried out, with every other gate open, is not in the log');
        return decideConfirmation(open, evidence, { policy, segment });
      }
      const because = find('held')?.gates[0]?.because;
      if (because === undefined) throw new CannotDecide('what the gates were asked of is not recorded');
      return [holdForOutage(open, because, atMs)];
    }
    case 'no-reading': {
      const because = reasonIn(find('fence-failed'));
      const read = find('power-read');
      const failed = fenceFailed(inStatus(incident, ['fencing']), because, segment, atMs, basis.random);
      return read === undefined ? [failed] : [read, failed];
    }
    case 'power': {
      const reading = readingIn(find('power-read'), basis.askedAtMs);
      const fault = bindingFaultOf(wordsOf(reading), knownAgain(policy, host, basis), host.key);
      const evidence = basis.evidence ?? evidenceIn(facts) ?? nothingAsked(host, atMs);
      const fencing = inStatus(incident, ['fencing']);
      return decideFencing(fencing, reading, fault, evidence, { policy, segment }, basis.random, basis.lease).facts;
    }
    case 'read-back': {
      const answered = find('power-off-answered');
      if (answered === undefined) throw new CannotDecide('the answer to the power-off is not recorded');
      const { attempt, answer: kind, detail, durationMs } = answered;
      const answer: PowerOffAnswer = { kind, detail, durationMs };
      if (!basis.current) return [powerOffAnswered(attempt, answer)];
      const reading = readingIn(find('power-read'), basis.askedAtMs);
      const { systemUuid, levels } = basis;
      const asked = systemUuid === undefined ? reading : { systemUuid, ...(levels === undefined ? {} : { levels }) };
      const upMs = lastSeenUpMs(host.claims);
      const fencing = inStatus(incident, ['fencing']);
      const attempts = attemptsAt(fenceLevelsOf(policy, host.name), fencing.level ?? 0);
      return decideAfterPowerOff(fencing, answer, asked, reading, upMs, segment, atMs, basis.random, attempts);
    }
    case 'forcing-down': {
      const answered = find('force-down-answered');
      const first = answered === undefined ? [] : [answered];
      if (incident.status !== 'forcing-down') return first;
      const { service, random } = basis;
      if (service === undefined)
        return [...first, forceDownFailed(incident, reasonIn(find('force-down-failed')), segment, atMs, random)];
      if (answered === undefined && !service?.forcedDown) return [forceDownIntended(host, atMs)];
      return [...first, ...decideForcingDown(incident, null, service ?? undefined, segment, atMs, random)];
    }
    case 'plan': {
      const failed = find('planning-failed');
      if (failed !== undefined) return [planningFailed(failed.because, atMs)];
      return [planned(tasks?.before(decision) ?? [], atMs)];
    }
    case 'proof': {
      const fault = proofFault(
        inStatus(incident, ['evacuating']),
        basis.service ?? undefined,
        basis.waiting,
        segment,
        atMs,
      );
      return fault === undefined ? [] : [fault];
    }
    case 'wake':
      return decideWake(wakeAgain(basis), segment, atMs);
    case 'reserved-answer':
      return facts;
    case 'reserved-lost':
      return lostAnswer(basis.reserved, useOf(incident, basis.reserved), atMs);
    case 'give-back':
      return decideGiveBack(basis.reserved, useOf(incident, basis.reserved), basis.seen, atMs);
    case 'end': {
      const ended = tasks?.atEnd() ?? [];
      return [closeIncident(ended, headsOf(ended), atMs, 'dismissed' in incident && incident.dismissed)];
    }
    case 'halt': {
      const because = reasonIn(find('paused'));
      // Only a new pause is on record. The one before may have ended with a look of which there is none: `followed`.
      const going = { ...inStatus(incident, ['fencing', 'forcing-down', 'planning', 'evacuating']), pausedBy: null };
      return [pause(going, because, atMs, basis.inFlight ? atMs + segment.evacuation.pollSeconds * 1000 : undefined)];
    }
    case 'deadline': {
      const passed = deadlinePassed(incident, segment, atMs);
      return passed === undefined ? [] : [passed];
    }
    case 'operator': {
      const said = find('released') ?? find('dismissed') ?? find('off-confirmed');
      if (said === undefined) throw new CannotDecide("the operator's word is not recorded");
      const sender = (said.type === 'off-confirmed' ? said.senders?.at(-1) : null) ?? null;
      const command = commandAgain(host, incident, said, basis);
      const decided = decideOnIncident(command, host, basis.hasTasks, segment, atMs, sender);
      return 'refused' in decided ? [] : decided.facts;
    }
    default:
      throw new CannotDecide(`nothing of a host is decided by ${basis.by}`);
  }
}

/** What was known of each device, with what this policy says of it. */
function knownAgain(
  policy: Policy,
  host: HostState,
  { boundTo, boundSystem, devices }: ReadingBasis,
): readonly (readonly KnownDevice[])[] {
  return fenceLevelsOf(policy, host.name).map((level, at) =>
    level.map(({ systemUuid: configured }, index) => ({
      boundTo,
      boundSystem,
      ...devices?.[at]?.[index],
      configured,
    })),
  );
}

function commandAgain(
  { key: hostKey }: HostState,
  { id: incidentId }: Incident,
  said: FactOf<'released'> | FactOf<'dismissed'> | FactOf<'off-confirmed'>,
  { askedAtMs }: Extract<HostBasis, { by: 'operator' }>,
): OnIncident {
  const { commandId: id, by, reason } = said;
  const common = { version: 1, id, time: new Date(askedAtMs).toISOString(), by, reason, hostKey, incidentId } as const;
  if (said.type === 'released') return { type: 'release', ...common, gates: [...said.gates] };
  if (said.type === 'off-confirmed') return { type: 'confirm-off', ...common };
  // Stryker disable next-line StringLiteral: what is no release is decided as a dismissal
  return { type: 'dismiss', ...common };
}

function useOf({ reserved = {} }: Incident, host: string): ReservedUse {
  const use = reserved[host];
  if (use === undefined) throw new CannotDecide('the reserved host was never asked for');
  return use;
}

function wakeAgain(basis: WakeBasis): WakeBasis {
  return { ...basis, candidates: basis.candidates.map(withRoom), asleep: basis.asleep.map(withRoom) };
}

function incidentOf({ incident }: HostState): Incident {
  if (incident === null) throw new CannotDecide('no incident is open');
  return incident;
}

function inStatus<S extends IncidentStatus>(
  incident: Incident,
  statuses: readonly S[],
): Extract<Incident, { status: S }> {
  if (!(statuses as readonly string[]).includes(incident.status))
    throw new CannotDecide(`the incident is ${incident.status}`);
  return incident as Extract<Incident, { status: S }>;
}

export function segmentOf({ segments }: Policy, name: string): Segment {
  const segment = segments.find((each) => each.name === name);
  if (segment === undefined) throw new CannotDecide(`the policy has no segment ${name}`);
  return segment;
}

export function evidenceIn(facts: readonly HostFact[]): Evidence | null {
  for (const fact of facts) if ('evidence' in fact && fact.evidence !== null) return fact.evidence;
  return null;
}

function reasonIn(fact: { readonly because: string } | undefined): string {
  if (fact === undefined) throw new CannotDecide('the reason is not recorded');
  return fact.because;
}

function readingIn(read: FactOf<'power-read'> | undefined, askedAtMs: number): TimedReading {
  if (read === undefined) throw new CannotDecide('the reading of the power is not recorded');
  const { type: _, levels, askedAtMs: keptMs, ...reading } = read;
  const kept = keptMs === undefined ? {} : ({ askedEarlier: true } as const);
  return { ...reading, askedAtMs, ...kept, ...(levels === undefined ? {} : { levels }) };
}

/** For decisions that look at the reading alone. */
const nothingAsked = ({ key, name, serviceId, claims }: HostState, atMs: number): Evidence =>
  ({ atMs, host: { key, name, serviceId }, claims }) as unknown as Evidence;
