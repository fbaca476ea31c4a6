import { type Simulation, START_MS } from './engine/simulation.ts';
import { EVENTS } from './events.ts';
import type { PlannedFault } from './faults.ts';

/** Between two tries while there is nothing for an event to happen to. */
const RETRY_MS = 1_000;
/** A state that passed before its event is waited for less long the next time. */
const HASTE = 4;

/** An event that has come to its moment happens in its state or not at all: else it waits for the next time. */
function happen(simulation: Simulation, fault: PlannedFault): void {
  const { director, scheduler, world, log } = simulation;
  const host = world.hosts.get(fault.host);
  if (host === undefined || director.isCalm) return;
  if (!director.isInItsState(fault)) {
    director.waits({ ...fault, afterMs: Math.floor(fault.afterMs / HASTE) });
    return;
  }
  const act = EVENTS[fault.kind]?.(simulation, host, fault);
  if (act === undefined) {
    scheduler.after(RETRY_MS, () => happen(simulation, fault));
    return;
  }
  log.add({ kind: 'person', act: fault.kind, host: host.name });
  const done = act();
  if (done !== false) director.struck(fault.kind, fault.host, typeof done === 'string' ? done : undefined);
}

/** Events whose moment has come, each a little later; to be called after each step. */
export function performDue(simulation: Simulation): void {
  for (const fault of simulation.director.takeEvents(simulation.states.takeChanged())) soon(simulation, fault);
}

/** Events that wait for a host without an incident have nothing else to wake them than their time. */
export function scheduleEvents(simulation: Simulation, faults: readonly PlannedFault[]): void {
  for (const { fromMs, host } of faults)
    simulation.scheduler.after(START_MS + fromMs - simulation.scheduler.now(), () => {
      for (const fault of simulation.director.takeEvents([host])) soon(simulation, fault);
    });
}

const soon = (simulation: Simulation, fault: PlannedFault): void =>
  void simulation.scheduler.after(fault.afterMs, () => happen(simulation, fault));
