import type { OperatorCommand } from '#events/operator-command.ts';
import { isReleasable } from '#shared/domain/gates/release.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import type { SimHost } from '#sim/world/types.ts';
import { isAlive, losePower } from './actions.ts';
import type { Simulation } from './engine/simulation.ts';

/** What operators tell salvor through its own commands, as the command line sends it. */

type Said = Pick<OperatorCommand, 'version' | 'id' | 'time' | 'by' | 'reason'>;

function said(simulation: Simulation, by = 'operator'): Said {
  const { random, scheduler } = simulation;
  const time = new Date(scheduler.now()).toISOString();
  return { version: 1, id: random.uuid(), time, by, reason: 'simulated' };
}

/** @param segment undefined for everything */
export function disarm(simulation: Simulation, segment: string | undefined, forSeconds: number): void {
  const where = segment === undefined ? {} : { segment };
  simulation.command({ type: 'disarm', ...said(simulation), ...where, forSeconds });
}

export function arm(simulation: Simulation, segment: string | undefined): void {
  simulation.command({ type: 'arm', ...said(simulation), ...(segment === undefined ? {} : { segment }) });
}

const keyOf = ({ policy }: Simulation, { serviceUuid }: SimHost): string =>
  hostKeyOf(policy.cloud.name, policy.cloud.region, serviceUuid);

/** The open incident of a host, as an operator sees it. */
function incidentOf(simulation: Simulation, host: SimHost) {
  const hostKey = keyOf(simulation, host);
  const incident = simulation.store.get({ partition: `host#${hostKey}`, sort: 'state' })?.body.incident;
  if (incident == null) return undefined;
  return {
    hostKey,
    ...(incident as unknown as {
      id: string;
      status: string;
      segment: string;
      failedGates?: { gate: string; open: boolean }[];
    }),
  };
}

export const hasIncident = (simulation: Simulation, host: SimHost): boolean =>
  incidentOf(simulation, host) !== undefined;

/** The incident of a host that waits for a person: held or stopped. */
function heldUp(simulation: Simulation, host: SimHost) {
  const incident = incidentOf(simulation, host);
  return incident?.status === 'held' || incident?.status === 'stopped' ? incident : undefined;
}

export const isHeldUp = (simulation: Simulation, host: SimHost): boolean => heldUp(simulation, host) !== undefined;

/** Incidents in which somebody has released something. */
const released = new WeakMap<Simulation, Set<string>>();

/** Whoever has released it waits for salvor. */
export const isReleased = (simulation: Simulation, { name }: SimHost): boolean =>
  released.get(simulation)?.has(simulation.states.incidentIdOf(name) ?? '') === true;

/** Releases what is held or stopped, if anything is: all that is closed, or the first of it. */
export function release(simulation: Simulation, host: SimHost): void {
  const incident = heldUp(simulation, host);
  if (incident === undefined) return;
  const closed = (incident.failedGates ?? []).map(({ gate }) => gate).filter(isReleasable);
  const gates = simulation.random.next() < 0.4 ? closed.slice(0, 1) : closed;
  const { hostKey, id: incidentId } = incident;
  const known = released.get(simulation) ?? new Set();
  released.set(simulation, known.add(incidentId));
  simulation.command({ type: 'release', ...said(simulation), hostKey, incidentId, gates });
}

export function dismiss(simulation: Simulation, host: SimHost): void {
  const incident = incidentOf(simulation, host);
  if (incident === undefined) return;
  const { hostKey, id: incidentId } = incident;
  simulation.command({ type: 'dismiss', ...said(simulation), hostKey, incidentId });
}

/** Hosts of which people have said that they are off, by the incident: with a tag on them, nobody switches them on. */
const tagged = new WeakMap<Simulation, Map<string, string>>();

/** Nobody switches it on: people have said that it is off, and what rests on that is not over. */
export const isTagged = (simulation: Simulation, { name }: SimHost): boolean =>
  tagged.get(simulation)?.get(name) !== undefined &&
  tagged.get(simulation)?.get(name) === simulation.states.incidentIdOf(name);

export const mayBeConfirmedOff = (simulation: Simulation, host: SimHost): boolean =>
  !isAlive(host) && ['held', 'fencing'].includes(incidentOf(simulation, host)?.status ?? '');

const takesWords = ({ policy }: Simulation, segment: string): boolean =>
  policy.segments.some(({ name, fencing }) => name === segment && fencing.confirmOff.people > 0);

/**
 * Their word would count for something: of a host in maintenance it opens no gate, and whoever has tagged it would neither
 * repair it nor end the work.
 */
export const isAskedForWords = (simulation: Simulation, host: SimHost): boolean =>
  !simulation.states.isInMaintenance(host.name) && takesWords(simulation, incidentOf(simulation, host)?.segment ?? '');

/** Somebody goes there, sees to it that the host is off, tags it, and says so. */
export function confirmOff(simulation: Simulation, host: SimHost, by: string): void {
  const incident = incidentOf(simulation, host);
  if (incident === undefined || isAlive(host)) return;
  losePower(simulation.world, host);
  const { hostKey, id: incidentId } = incident;
  // Where their word counts for nothing, they leave no tag.
  const tags = tagged.get(simulation) ?? new Map<string, string>();
  if (takesWords(simulation, incident.segment)) tagged.set(simulation, tags.set(host.name, incidentId));
  simulation.command({ type: 'confirm-off', ...said(simulation, by), hostKey, incidentId });
}

export const giveBack = (simulation: Simulation, host: SimHost): void =>
  simulation.command({ type: 'return', ...said(simulation), hostKey: keyOf(simulation, host) });

/** @param forSeconds undefined: until it is ended */
export function beginMaintenance(simulation: Simulation, host: SimHost, drain: boolean, forSeconds?: number): void {
  const until = forSeconds === undefined ? {} : { forSeconds };
  simulation.command({
    type: 'maintenance-on',
    ...said(simulation),
    hostKey: keyOf(simulation, host),
    drain,
    ...until,
  });
}

export const endMaintenance = (simulation: Simulation, host: SimHost): void =>
  simulation.command({ type: 'maintenance-off', ...said(simulation), hostKey: keyOf(simulation, host) });
