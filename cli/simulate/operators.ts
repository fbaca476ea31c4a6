import type { OperatorCommand } from '#events/operator-command.ts';
import { isReleasable } from '#shared/domain/gates/release.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import type { SimHost } from '#sim/world/types.ts';
import type { Simulation } from './engine/simulation.ts';

/** What operators tell salvor through its own commands, as the command line sends it. */

type Said = Pick<OperatorCommand, 'version' | 'id' | 'time' | 'by' | 'reason'>;

function said(simulation: Simulation): Said {
  const { random, scheduler } = simulation;
  const time = new Date(scheduler.now()).toISOString();
  return { version: 1, id: random.uuid(), time, by: 'operator', reason: 'simulated' };
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
    ...(incident as unknown as { id: string; status: string; failedGates?: { gate: string; open: boolean }[] }),
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

/** Releases what is held or stopped, if anything is: all that is closed, or the first of it. */
export function release(simulation: Simulation, host: SimHost): void {
  const incident = heldUp(simulation, host);
  if (incident === undefined) return;
  const closed = (incident.failedGates ?? []).map(({ gate }) => gate).filter(isReleasable);
  const gates = simulation.random.next() < 0.4 ? closed.slice(0, 1) : closed;
  const { hostKey, id: incidentId } = incident;
  simulation.command({ type: 'release', ...said(simulation), hostKey, incidentId, gates });
}

export function dismiss(simulation: Simulation, host: SimHost): void {
  const incident = incidentOf(simulation, host);
  if (incident === undefined) return;
  const { hostKey, id: incidentId } = incident;
  simulation.command({ type: 'dismiss', ...said(simulation), hostKey, incidentId });
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
