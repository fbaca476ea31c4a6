import type { StepCommand } from '#events/commands.ts';
import type { HostBasis } from '#shared/domain/basis.ts';
import { commandsOf } from '#shared/domain/commands.ts';
import { deadlinePassed } from '#shared/domain/deadline.ts';
import type { HostFact, HostState, Incident, IncidentFact, IncidentStatus } from '#shared/domain/host.ts';
import { leavingTasks } from '#shared/domain/leaving-tasks.ts';
import { pause } from '#shared/domain/pause.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { withReturn } from '#shared/domain/return/open-return.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Delivery, Services } from '#shared/services.ts';
import { hostWrites, loadHost } from '#shared/state/hosts.ts';
import { type Loaded, versionAfter } from '#shared/state/items.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { recordedBasis } from './policy-on-record.ts';

const MAX_RACES = 8;

/** A host whose open incident is in one of the statuses that a step is for. */
export type HostIn<S extends IncidentStatus> = HostState & { readonly incident: Extract<Incident, { status: S }> };

/** Whether the incident of a loaded host is in this status. */
export const isIn = <S extends IncidentStatus>(loaded: Loaded<HostState>, status: S): loaded is Loaded<HostIn<S>> =>
  loaded.value.incident?.status === status;

export interface Decided {
  readonly facts: readonly HostFact[];
  readonly basis: HostBasis;
  /** Other items that must be written in the same transaction: guards, bindings, tokens. */
  readonly writes?: readonly StateWrite[];
}

/** Commits facts of a host; the loaded host with its new version comes back. */
export async function commitHost(
  services: Services,
  loaded: Loaded<HostState>,
  { facts, basis, writes = [] }: Decided,
): Promise<Loaded<HostState>> {
  const recorded = await recordedBasis(services, loaded, basis);
  const told = withReturn(loaded.value, await withTasks(services, loaded.value.incident, facts), services.policy);
  const committed = hostWrites(loaded, told, recorded, services.clock.now());
  await services.state.transact([...committed.writes, ...writes]);
  logTransition(services, loaded.value, committed.host, told);
  logTrouble(services, committed.host, told);
  return { value: committed.host, version: versionAfter(loaded) };
}

/** A1: an incident that ends untouched although tasks were planned for it commits them. */
async function withTasks(
  { state }: Services,
  incident: Incident | null,
  facts: readonly HostFact[],
): Promise<readonly HostFact[]> {
  const untouched = facts.some((fact) => fact.type === 'incident-closed' && fact.taskHeads === null);
  if (incident === null || !untouched) return facts;
  const tasks = (await loadTasks(state, incident.id)).map(({ value }) => value);
  return leavingTasks(facts, tasks, incident);
}

/** Nothing is to be done before the next look. */
export const followedUntil = (nextLookAtMs: number): Decided => ({
  facts: [{ type: 'followed', nextLookAtMs }],
  basis: { by: 'timer', atMs: nextLookAtMs },
});

/**
 * A switch keeps salvor from going on.
 * @param polled the segment, while evacuations are in flight: they are followed at its beat
 */
export const halt = (
  incident: Parameters<typeof pause>[0],
  because: string,
  atMs: number,
  polled?: Segment,
): Decided => ({
  facts: [pause(incident, because, atMs, polled && atMs + polled.evacuation.pollSeconds * 1000)],
  basis: { by: 'halt', atMs, inFlight: polled !== undefined },
});

/** The one form in which every transition is logged. */
function logTransition({ log }: Services, before: HostState, after: HostState, facts: readonly HostFact[]): void {
  const from = before.incident?.status ?? 'none';
  const to = after.incident?.status ?? 'none';
  if (from === to) return;
  const incidentId = after.incident?.id ?? before.incident?.id ?? null;
  // Alarms look for `to` and `outcome`: infra/cdk/incident-alarms.ts.
  const closing = facts.find((fact) => fact.type === 'incident-closed');
  log.info(`host ${after.name}: ${from} -> ${to}`, {
    from,
    to,
    ...(closing === undefined ? {} : { outcome: closing.outcome }),
    host: after.name,
    hostKey: after.key,
    incidentId,
    facts: facts.map((fact) => fact.type),
  });
}

/**
 * What holds an incident up while its status stays: each failed try to fence, and each look at a held host. Alarms look
 * for `fact` and the numbers beside it: infra/cdk/incident-alarms.ts.
 */
function logTrouble({ log, clock }: Services, { name, incident }: HostState, facts: readonly HostFact[]): void {
  if (incident === null) return;
  const common = { host: name, incidentId: incident.id };
  for (const fact of facts)
    if ((fact.type === 'fence-failed' || fact.type === 'force-down-failed') && 'failures' in incident)
      log.warn(`host ${name} is not fenced yet`, {
        fact: fact.type,
        because: fact.because,
        failures: incident.failures,
        ...common,
      });
  for (const fact of facts)
    if (fact.type === 'paused') log.warn(`host ${name} waits`, { fact: 'paused', because: fact.because, ...common });
  if (incident.status === 'held')
    log.info(`host ${name} is held`, {
      fact: 'held',
      heldSeconds: Math.round((clock.now() - incident.sinceMs) / 1000),
      closedGates: incident.failedGates.map(({ gate }) => gate).join(),
      ...common,
    });
}

/**
 * Commits what became of an outside action. A lost race is decided again on the newer state: the outcome of an
 * action is never lost (A1). Once its incident has ended, the answer is recorded in the stream of the host.
 */
export async function commitOutcome(
  services: Services,
  acted: Loaded<HostState>,
  answered: IncidentFact,
  decide: (host: HostState, nowMs: number) => Pick<Decided, 'facts' | 'basis'>,
): Promise<Loaded<HostState>> {
  const incidentId = acted.value.incident?.id ?? '';
  let loaded = acted;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const late: HostFact = { type: 'answered-late', incidentId, answered };
    const atMs = services.clock.now();
    const decided: Decided =
      loaded.value.incident?.id === incidentId
        ? decide(loaded.value, atMs)
        : { facts: [late], basis: { by: 'late-answer', atMs } };
    try {
      return await commitHost(services, loaded, decided);
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      loaded = (await loadHost(services.state, acted.value.key)) ?? acted;
    }
  }
  throw new RetryableError(`host ${acted.value.name} lost ${MAX_RACES} races`);
}

/** Sends what the state asks for next. Whoever commits sends; who finds a step taken sends only after a redelivery. */
export const sendCommands = (services: Services, host: HostState): Promise<void> =>
  services.outbox.send(commandsOf(host, services.clock.now()));

/**
 * Takes one step of an incident: load, decide, commit, send. The caller acknowledges the message afterwards.
 *
 * A message whose tick is not the incident's is a repeat: its step was taken. If it was *received* before, the
 * function that took the step may have died before it sent what comes next, so the state's commands are sent again.
 *
 * @param take decides, and may commit and act more than once; it returns the host as last committed.
 */
export async function takeStep<S extends IncidentStatus>(
  { message, redelivered }: Delivery<StepCommand>,
  services: Services,
  statuses: readonly S[],
  take: (loaded: Loaded<HostIn<S>>) => Promise<Loaded<HostState>>,
): Promise<void> {
  for (let race = 0; race < MAX_RACES; race += 1) {
    const loaded = await loadHost(services.state, message.hostKey);
    if (loaded === undefined || loaded.value.incident?.id !== message.incidentId) return;
    if (!isDue(loaded, message.tick, statuses)) {
      if (redelivered) await sendCommands(services, loaded.value);
      return;
    }
    try {
      const overdue = hasAsked(loaded.value.incident) ? undefined : pastDeadline(services, loaded.value.incident);
      const done = overdue === undefined ? await take(loaded) : await commitHost(services, loaded, overdue);
      const last = hasAsked(loaded.value.incident) ? await endOverdue(services, done) : done;
      await sendCommands(services, last.value);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`host ${message.hostKey} lost ${MAX_RACES} races`);
}

/**
 * Something may have been asked of the device or of Nova by a function that died. The step that comes again finds out
 * what became of it, so the deadline waits for that: no request is left without an outcome (A1).
 */
const hasAsked = ({ status }: Incident): boolean => status === 'fencing' || status === 'forcing-down';

async function endOverdue(services: Services, done: Loaded<HostState>): Promise<Loaded<HostState>> {
  const { incident } = done.value;
  const overdue = incident === null ? undefined : pastDeadline(services, incident);
  if (overdue === undefined) return done;
  try {
    return await commitHost(services, done, overdue);
  } catch (error) {
    // A report came in between: the next step asks again.
    if (error instanceof ConflictError) return done;
    throw error;
  }
}

/** The deadline runs in every status that goes on by itself. */
function pastDeadline({ policy, clock }: Services, incident: Incident): Decided | undefined {
  const segment = policy.segments.find(({ name }) => name === incident.segment);
  const atMs = clock.now();
  const passed = segment && deadlinePassed(incident, segment, atMs);
  return passed && { facts: [passed], basis: { by: 'deadline', atMs } };
}

function isDue<S extends IncidentStatus>(
  loaded: Loaded<HostState>,
  tick: number,
  statuses: readonly S[],
): loaded is Loaded<HostIn<S>> {
  const { incident } = loaded.value;
  return incident !== null && incident.tick === tick && (statuses as readonly string[]).includes(incident.status);
}
