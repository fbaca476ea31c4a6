import type { RecoverProcess } from '#events/commands.ts';
import type { HostEvent } from '#events/host-event.ts';
import { whyHalted } from '#shared/domain/guards.ts';
import { type HostState, hostKeyOf } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { decideProcess, type ProcessesIn, wordOnHost } from '#shared/domain/process-recovery/decide.ts';
import type { ProcessesState, ProcessFact } from '#shared/domain/process-recovery/process.ts';
import type { ProcessSight } from '#shared/domain/process-recovery/sight.ts';
import { decidesByAggregates, segmentsOf } from '#shared/domain/segments.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Delivery, Services } from '#shared/services.ts';
import { guardChecks, loadGuards } from '#shared/state/guards.ts';
import { hostUnchanged, loadHost } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadProcesses } from '#shared/state/processes.ts';
import { orOutage, segmentOf } from '../live.ts';
import { actOn } from './act.ts';
import { commitProcesses, sendProcessCommands } from './commit.ts';

const MAX_RACES = 8;
/** The name under which an escalation counts. */
const PROCESS_REPORTER = 'process-monitor';

/**
 * Takes one step for a host whose processes have stopped: look, decide, commit, act, send what comes next. A message whose
 * tick is not the incident's is a repeat: if it was received before, the state's command is sent again.
 */
export async function recoverProcesses(
  services: Services,
  { message, redelivered }: Delivery<RecoverProcess>,
): Promise<void> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const loaded = await loadProcesses(services.state, message.hostKey);
    const { incident } = loaded.value;
    if (incident?.id !== message.incidentId) return;
    if (incident.tick !== message.tick) {
      if (redelivered) await sendProcessCommands(services, loaded.value);
      return;
    }
    try {
      const value = { ...loaded.value, incident };
      const { done, sight } = await takeStep(services, { ...loaded, value });
      await say(services, value, done.value, sight);
      await sendProcessCommands(services, done.value);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`the processes of ${message.hostKey} lost ${MAX_RACES} races`);
}

type Seen = ProcessSight | { readonly outage: string };

async function takeStep(
  services: Services,
  loaded: Loaded<ProcessesIn>,
): Promise<{ readonly done: Loaded<ProcessesState>; readonly sight: Seen }> {
  const { clock, chance } = services;
  const segment = segmentOf(services, loaded.value.incident.segment);
  const reading = await look(services, loaded.value, segment);
  const sight: Seen = 'outage' in reading ? reading : reading.sight;
  const [atMs, random] = [clock.now(), chance.random()];
  const facts = decideProcess(loaded.value, sight, segment, atMs, random);
  const basis = { by: 'process-look', atMs, random, sight } as const;
  const intent = facts.find(isIntent);
  const besides = intent === undefined || 'outage' in reading ? [] : reading.unchanged;
  const committed = await commitProcesses(services, loaded, { facts, basis, besides });
  return { done: intent === undefined ? committed : await actOn(services, committed, intent, segment), sight };
}

type Intent = Extract<ProcessFact, { type: 'disable-intended' | 'enable-intended' | 'restart-intended' }>;

const isIntent = (fact: ProcessFact): fact is Intent => fact.type.endsWith('-intended');

interface Reading {
  readonly sight: ProcessSight;
  /** For the transaction of an intent: nobody has opened an incident of the host since, or moved a switch. */
  readonly unchanged: readonly StateWrite[];
}

/** Nova first, then all that is ours, consistently. */
async function look(
  services: Services,
  { key, incident }: ProcessesIn,
  segment: Segment,
): Promise<Reading | { readonly outage: string }> {
  const { compute, state, policy, clock } = services;
  const { name: cloud, region } = policy.cloud;
  const seen = await orOutage(
    Promise.all([compute.services(), decidesByAggregates(policy) ? compute.aggregates() : []]),
  );
  if ('outage' in seen) return seen;
  const [all, aggregates] = seen.value;
  const service = all.find(({ id, host }) => host === incident.host && hostKeyOf(cloud, region, id) === key);
  const [host, guards] = await Promise.all([loadHost(state, key), loadGuards(state, segment.name)]);
  const word = service && {
    status: service.status,
    disabledReason: service.disabledReason,
    state: service.state,
    forcedDown: service.forcedDown,
    lastReportAtMs: service.lastReportAtMs,
  };
  const sight: ProcessSight = {
    service: word ?? null,
    segments: service === undefined ? [] : segmentsOf(policy, service, aggregates).map(({ name }) => name),
    hostIncident: host?.value.incident?.status ?? null,
    halted:
      plannedWork(host?.value) ??
      whyHalted({ segment: guards.segment.value, global: guards.global.value }, clock.now()) ??
      null,
  };
  return { sight, unchanged: [hostUnchanged(key, host), ...guardChecks(segment.name, guards)] };
}

/** Whoever works on a host has its service in hand, whatever Nova says of it by now. */
function plannedWork(host: HostState | undefined): string | undefined {
  const { maintenance } = host ?? {};
  return maintenance == null ? undefined : `it is in maintenance by ${maintenance.by}: ${maintenance.reason}`;
}

/** By policy a process that stays down is one reporter's word on its host, as any other's: every gate is asked. */
async function say(
  { outbox, clock, chance, policy }: Services,
  before: ProcessesState,
  after: ProcessesState,
  sight: Seen,
): Promise<void> {
  const word = wordOnHost(before, after, sight);
  const host = (after.incident ?? before.incident)?.host;
  if (word === undefined || host === undefined) return;
  const { name: cloud, region } = policy.cloud;
  const message: HostEvent = {
    specversion: '1.0',
    id: chance.id(),
    source: '/salvor/recover-process',
    reporter: PROCESS_REPORTER,
    type: word.says === 'down' ? 'host.down' : 'host.up',
    time: new Date(clock.now()).toISOString(),
    data: { schemaVersion: 1, host, cloud, region, reason: word.because.slice(0, 1024) },
  };
  await outbox.send([{ message, delaySeconds: 0 }]);
}
