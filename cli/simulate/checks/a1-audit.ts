import type { StateWrite } from '#shared/ports.ts';
import { readAudit } from '#shared/state/read-audit.ts';
import type { DatedHappening, OutsideRequest } from '../engine/log.ts';
import { type Check, INTENT_GOOD_MS, type Scene } from './check.ts';
import { transitionsOf } from './transitions.ts';

interface Fact {
  readonly type: string;
  readonly requestId?: string | null;
  readonly host?: string;
  readonly incidentId?: string;
  readonly instanceId?: string;
  /** Of the compute service. */
  readonly change?: string;
  readonly step?: string;
  readonly answered?: Fact;
}

/** Which facts tell of a request before it leaves: one of them does. */
const INTENT: Readonly<Partial<Record<OutsideRequest['act'], readonly string[]>>> = {
  evacuate: ['evacuate-intended'],
  'reset-state': ['evacuate-intended'],
  'power-off': ['power-off-intended'],
  'force-down': ['force-down-intended'],
  'power-on': ['power-on-intended'],
  'force-up': ['service-change-intended'],
  reboot: ['instance-request-intended'],
  'instance-reset': ['instance-request-intended'],
  migrate: ['instance-request-intended'],
  'confirm-resize': ['instance-request-intended'],
  'live-migrate': ['instance-request-intended', 'move-intended'],
  rebuild: ['restore-intended rebuild'],
  'start-restored': ['restore-intended start'],
  disable: ['disable-intended', 'reserved-host-intended', 'service-change-intended'],
  enable: ['enable-intended', 'reserved-host-intended', 'service-change-intended'],
  join: ['reserved-host-intended'],
  part: ['reserved-host-intended'],
  'restart-service': ['restart-intended'],
};

/** Facts with which an intent has an outcome on record, `unknown` included. */
const OUTCOMES: Readonly<Record<string, readonly string[]>> = {
  'evacuate-intended': ['evacuate-answered', 'found-running', 'lost-answer', 'task-ended'],
  'restore-intended': ['restore-answered', 'restore-settled', 'task-ended'],
  'power-off-intended': ['power-off-answered', 'power-read'],
  'force-down-intended': ['force-down-answered', 'forced-down', 'force-down-failed', 'proof-voided', 'paused'],
  'power-on-intended': ['power-on-answered', 'power-on-found', 'return-ended'],
  'service-change-intended': [
    'service-change-answered',
    'service-changed',
    'service-change-failed',
    'return-ended',
    'maintenance-ended',
  ],
  'move-intended': ['move-answered', 'move-found', 'move-ended', 'return-ended', 'maintenance-ended'],
  'reserved-host-intended': ['reserved-host-answered'],
  'instance-request-intended': ['instance-request-answered', 'instance-answer-missing', 'instance-incident-closed'],
  'disable-intended': ['disable-answered', 'scheduling-off', 'service-change-failed', 'process-incident-closed'],
  'enable-intended': ['enable-answered', 'service-change-failed', 'processes-down-again', 'process-incident-closed'],
};

const LICENCES: ReadonlySet<string> = new Set(Object.values(INTENT).flat());

/** What is recorded of an answer about a host, each time that one was heard. */
const ANSWERS: ReadonlySet<string> = new Set(['power-off-answered', 'force-down-answered', 'power-on-answered']);
/** Their answers are told by Nova's id of the request, which every one has. */
const TELL_IDS: ReadonlySet<OutsideRequest['act']> = new Set([
  'evacuate',
  'force-up',
  'enable',
  'disable',
  'reboot',
  'instance-reset',
  'migrate',
  'confirm-resize',
  'live-migrate',
  'rebuild',
  'start-restored',
]);

/** Of those that are good for one step, which. */
const kindOf = ({ type, step }: Fact): string => (step === undefined ? type : `${type} ${step}`);

/** The only invariant that reads salvor's audit: against what was really asked, and against its own chains. */
export function auditTellsAll({ simulation }: Scene): Check {
  const hostOfIncident = new Map<string, string>();
  /** By their stream. */
  const hostOfProcesses = new Map<string, string>();
  const hostOfService = new Map([...simulation.world.hosts.values()].map((each) => [each.serviceUuid, each.name]));
  /** By what they are about: each is good for one request of a kind to one device, and lapses. */
  const intents = new Map<string, { readonly atMs: number; readonly used: Set<string> }[]>();
  /** Every answer that somebody heard, by the number of its request. */
  const heard = new Map<string, OutsideRequest>();
  const killed = new Set<number>();
  const statusOf = new Map<string, string>();

  const add = (counts: Map<string, number>, key: string): number => {
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count;
  };

  function seeCommit(writes: readonly StateWrite[], atMs: number): string | undefined {
    const told = new Map<string, number>();
    for (const { kind, partition, body } of writes.flatMap((write) => (write.kind === 'append' ? [write] : []))) {
      if (kind === 'append') add(told, partition);
      const fact = body.fact as unknown as Fact;
      if (fact.type === 'incident-opened') hostOfIncident.set(fact.incidentId ?? '', fact.host ?? '');
      if (fact.type === 'process-incident-opened') hostOfProcesses.set(partition, fact.host ?? '');
      if (!LICENCES.has(kindOf(fact))) continue;
      const about = aboutOf(fact, partition);
      intents.set(about, [...(intents.get(about) ?? []), { atMs, used: new Set() }]);
    }
    const untold = writes.flatMap((write) => transitionsOf(write, statusOf)).find((stream) => !told.has(stream));
    return untold && `a transition of ${untold} has no record`;
  }

  /** Of a late answer, the fact names the incident. */
  function hostOf(stream: string, { incidentId }: Fact): string | undefined {
    const [kind, id = ''] = stream.split('#');
    if (incidentId !== undefined || kind !== 'host') return hostOfIncident.get(incidentId ?? id);
    return hostOfService.get(id.split('/').at(-1) ?? '');
  }

  /** What an intent is about: an instance, or a host; of a change of its service also which. */
  function aboutOf(fact: Fact, partition: string): string {
    const { type, change, instanceId, host } = fact;
    const [kind, id, instance] = partition.split('#');
    const one = instanceId ?? (kind === 'instance' ? id : instance);
    const own = type === 'reserved-host-intended' ? host : hostOfProcesses.get(partition);
    return `${kindOf(fact)} ${change === undefined ? '' : `${change} `}${one ?? own ?? hostOf(partition, { type })}`;
  }

  /** Each request has an intent of its own: one whose function died before it asked is no licence for another. */
  function seeRequest({ act, host, instanceId, device }: OutsideRequest, atMs: number): string | undefined {
    const types = INTENT[act];
    // Each device of a level is asked once.
    const use = `${act} ${device ?? ''}`;
    if (act === 'read-power' || types === undefined) return undefined;
    const sinceMs = atMs - INTENT_GOOD_MS[act];
    const intent = types
      .map((type) => `${type} ${type === 'service-change-intended' ? `${act} ` : ''}${instanceId ?? host}`)
      .flatMap((about) => intents.get(about) ?? [])
      .find((each) => each.atMs >= sinceMs && !each.used.has(use));
    if (intent === undefined) return `${act} of ${instanceId ?? host} has no intent on record`;
    intent.used.add(use);
    return undefined;
  }

  function see(happening: DatedHappening): string | undefined {
    if (happening.kind === 'committed') return seeCommit(happening.writes, happening.atMs);
    if (happening.kind === 'asked') return seeRequest(happening.request, happening.atMs);
    if (happening.kind === 'ended' && happening.how !== 'done') killed.add(happening.invocation);
    // One that was not accepted tells no request id.
    if (
      happening.kind === 'answered' &&
      (!TELL_IDS.has(happening.request.act) || happening.answer.includes('accepted'))
    )
      heard.set(`req-${happening.request.id}`, happening.request);
    return undefined;
  }

  async function atEnd(): Promise<readonly string[]> {
    const { streams } = await readAudit(simulation.reader(), simulation.policy.cloud);
    const broken: string[] = [];
    const known = new Set<string>();
    const recorded = new Map<string, number>();
    const expected = new Map<string, number>();
    for (const [stream, { records, fault }] of streams) {
      if (fault !== undefined) broken.push(`${stream}: ${fault}`);
      for (const [index, { fact }] of records.entries()) {
        for (const { requestId } of [fact, fact.answered ?? {}] as readonly Partial<Fact>[])
          if (typeof requestId === 'string') known.add(requestId);
        const answer = answerIn(fact);
        if (answer !== undefined) add(recorded, `${answer} ${hostOf(stream, fact)}`);
        const outcomes = OUTCOMES[fact.type];
        if (outcomes !== undefined && !hasOutcome(records.slice(index + 1), fact, outcomes))
          broken.push(`${stream}: record ${index + 1}, ${fact.type}, has no outcome`);
      }
    }
    const levels = new Set<string>();
    for (const [id, { act, host, instanceId, invocation, device }] of heard) {
      if (killed.has(invocation)) continue;
      // Of the devices of a level one answer is recorded.
      const level = `${act} ${host} ${invocation}`;
      if (device !== undefined && levels.has(level)) continue;
      levels.add(level);
      const answer = `${act}-answered ${host}`;
      // Those of a host have no id: there must be as many records as answers.
      const left = add(expected, answer) <= (recorded.get(answer) ?? 0);
      const isKnown = TELL_IDS.has(act) ? known.has(id) : left || !ANSWERS.has(`${act}-answered`);
      if (!isKnown) broken.push(`the answer to request ${id}, ${act} of ${instanceId ?? host}, is not on record`);
    }
    return broken;
  }

  return { id: 'A1', sentence: 'the audit tells of every transition and every request, in whole chains', see, atEnd };
}

/**
 * Before the next intent of the same kind. That of a force-down is told to be forced down or not by the next one itself,
 * which records what Nova says before it asks again.
 */
function hasOutcome(
  later: readonly { readonly fact: Fact }[],
  { type: intent, instanceId }: Fact,
  outcomes: readonly string[],
): boolean {
  const settled = intent === 'force-down-intended' ? [...outcomes, intent] : outcomes;
  // In the stream of a host there may be those of several instances.
  const next = later.find(
    ({ fact }) =>
      (fact.type === intent || settled.includes(fact.type)) &&
      (instanceId === undefined || fact.instanceId === undefined || fact.instanceId === instanceId),
  );
  return next !== undefined && settled.includes(next.fact.type);
}

/** Behind the end of its incident, an answer goes to the stream of the host. */
const answerIn = ({ type, answered }: Fact): string | undefined =>
  ANSWERS.has(type) ? type : type === 'answered-late' ? answered?.type : undefined;
