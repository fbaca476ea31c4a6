import type { AuditRecord } from '../audit.ts';
import type { RecordedBasis } from '../basis.ts';
import { evolveInstance, newInstance } from '../instance-recovery/evolve.ts';
import type { InstanceFact, InstanceState } from '../instance-recovery/instance.ts';
import { decideInstanceReports } from '../instance-recovery/reports.ts';
import { foldInstanceAnswer, stepOf } from '../instance-recovery/settle.ts';
import type { Policy } from '../policy.ts';
import { decideProcess } from '../process-recovery/decide.ts';
import { evolveProcesses, newProcesses } from '../process-recovery/evolve.ts';
import type { ProcessesState, ProcessFact } from '../process-recovery/process.ts';
import { decideProcessReports } from '../process-recovery/reports.ts';
import { answerOf } from '../told.ts';
import { CannotDecide } from './cannot-decide.ts';
import { segmentOf } from './host.ts';
import { type Decision, decisionsOf } from './log.ts';
import type { Replay } from './replay.ts';
import { evolved, type Replayed, replayed } from './replayed.ts';

/** Everything that the log holds of one instance, or of the processes of one host: one stream, in its order. */
export interface OtherLog {
  readonly records: readonly AuditRecord[];
  /** By id, those that its decisions were made under. */
  readonly policies: ReadonlyMap<string, Policy>;
}

/** Makes every decision about an instance again on what was recorded, in the state to which the recorded facts led. */
export const replayInstance = (id: string, log: OtherLog, other?: Policy): Replay =>
  replayStream<InstanceState, InstanceFact>(log, other, newInstance(id), evolveInstance, instanceAgain);

/** The same of the processes of a host. */
export const replayProcesses = (hostKey: string, log: OtherLog, other?: Policy): Replay =>
  replayStream<ProcessesState, ProcessFact>(log, other, newProcesses(hostKey), evolveProcesses, processesAgain);

type Again<State, Fact> = (
  state: State,
  basis: RecordedBasis,
  facts: readonly Fact[],
  policy: Policy,
) => readonly Fact[];

function replayStream<State, Fact extends object>(
  { records, policies }: OtherLog,
  other: Policy | undefined,
  start: State,
  evolve: (state: State, fact: Fact) => State,
  again: Again<State, Fact>,
): Replay {
  let state = start;
  const decisions = decisionsOf(records).map((decision): Replayed => {
    const before = state;
    const after = evolved(before, decision, evolve);
    state = after.state;
    return replayed(decision, () => {
      if (after.impossible !== null) throw new CannotDecide(after.impossible);
      const { basis } = decision;
      if (basis === undefined) throw new CannotDecide('it was recorded without what it was decided on');
      const policy = other ?? policies.get(basis.policy);
      if (policy === undefined) throw new CannotDecide('the policy it was decided under is not recorded');
      return again(before, basis, factsOf<Fact>(decision), policy);
    });
  });
  return {
    decisions,
    first: decisions.find(({ difference }) => difference !== null) ?? null,
    different: decisions.filter(({ difference }) => difference !== null).length,
    undecided: decisions.filter(({ cannot }) => cannot !== null).length,
  };
}

const factsOf = <Fact>({ facts }: Decision): readonly Fact[] => facts as readonly unknown[] as readonly Fact[];

function instanceAgain(
  state: InstanceState,
  basis: RecordedBasis,
  facts: readonly InstanceFact[],
  policy: Policy,
): readonly InstanceFact[] {
  switch (basis.by) {
    case 'instance-reports': {
      const said = facts.filter((fact) => fact.type === 'instance-reported');
      const opened = facts.find((fact) => fact.type === 'instance-incident-opened');
      const [{ host, hostKey } = { host: '', hostKey: '' }] = said;
      const events = said.map(({ reporter, source = reporter, eventId: id, event, occurredAtMs, receivedAtMs }) => ({
        event: {
          specversion: '1.0',
          type: 'instance.down',
          id,
          source,
          time: new Date(occurredAtMs).toISOString(),
          data: { schemaVersion: 1, host, instanceId: state.id, event },
        } as const,
        reporter,
        receivedAtMs,
      }));
      const segment = policy.segments.find(({ name }) => name === basis.segment);
      const input = { events, host, hostKey, segment, newIncidentId: opened?.incidentId ?? 'a new one' };
      return decideInstanceReports(state, input, policy, basis.atMs);
    }
    case 'instance-look': {
      const { incident } = state;
      if (incident === null) throw new CannotDecide('it had no open incident');
      const rules = { policy, segment: segmentOf(policy, incident.segment) };
      return stepOf({ ...state, incident }, basis.sight, rules, basis.atMs);
    }
    case 'instance-answer': {
      const answered = facts.find((fact) => fact.type === 'instance-request-answered');
      if (answered === undefined) throw new CannotDecide('the answer to the request is not recorded');
      return [foldInstanceAnswer(state, answered, answerOf(answered), basis.atMs, basis.random)];
    }
    default:
      throw new CannotDecide(`nothing of an instance is decided by ${basis.by}`);
  }
}

function processesAgain(
  state: ProcessesState,
  basis: RecordedBasis,
  facts: readonly ProcessFact[],
  policy: Policy,
): readonly ProcessFact[] {
  switch (basis.by) {
    case 'process-reports': {
      const opened = facts.find((fact) => fact.type === 'process-incident-opened');
      const host = opened?.host ?? state.incident?.host ?? '';
      const events = facts.flatMap((fact) => {
        if (fact.type !== 'process-reported') return [];
        const { reporter, source = reporter, eventId: id, occurredAtMs, process, says, reason } = fact;
        const event = {
          specversion: '1.0',
          type: says === 'down' ? 'process.down' : 'process.up',
          id,
          source,
          time: new Date(occurredAtMs).toISOString(),
          data: { schemaVersion: 1, host, process, ...(reason === null ? {} : { reason }) },
        } as const;
        return [{ event, reporter }];
      });
      const segment = policy.segments.find(({ name }) => name === basis.segment);
      const input = { events, host, segment, newIncidentId: opened?.incidentId ?? 'a new one' };
      return decideProcessReports(state, input, policy, basis.atMs);
    }
    case 'process-look': {
      const { incident } = state;
      if (incident === null) throw new CannotDecide('it had no open incident');
      const segment = segmentOf(policy, incident.segment);
      return decideProcess({ ...state, incident }, basis.sight, segment, basis.atMs, basis.random);
    }
    case 'process-answer':
      return facts;
    default:
      throw new CannotDecide(`nothing of processes is decided by ${basis.by}`);
  }
}
