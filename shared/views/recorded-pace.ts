import { streamOfIncident, streamOfTask } from '#shared/domain/audit.ts';
import { type Assumed, type Measured, type Pace, paceOf } from '#shared/domain/forecast/pace.ts';
import { evacuationIn, fencingsIn, novaDownIn, rebuildIn } from '#shared/domain/forecast/recorded-pace.ts';
import type { StateReader } from '#shared/ports.ts';
import { readIncidents } from '#shared/state/hosts.ts';
import { readKept } from '#shared/state/read-audit.ts';
import { loadTasks } from '#shared/state/tasks.ts';

/** Enough for a median. */
const INCIDENTS = 20;
const TASKS = 200;

/** How long the newest recoveries took. */
export async function recordedPace(state: StateReader, assumed: Assumed): Promise<Pace> {
  const ended = (await readIncidents(state)).values.filter(({ closedAtMs }) => closedAtMs !== null);
  const novaDowns: number[] = [];
  const fencings: number[] = [];
  const evacuations: Measured[] = [];
  const rebuilds: number[] = [];
  for (const { id } of ended.slice(-INCIDENTS).reverse()) {
    const incident = (await readKept(state, streamOfIncident(id))).map(({ record }) => record);
    fencings.push(...fencingsIn(incident));
    novaDowns.push(...known(novaDownIn(incident)));
    if (evacuations.length >= TASKS) continue;
    for (const { value } of (await loadTasks(state, id)).slice(0, TASKS)) {
      const task = (await readKept(state, streamOfTask(id, value.instanceId))).map(({ record }) => record);
      evacuations.push(...known(evacuationIn(task)));
      rebuilds.push(...known(rebuildIn(task)));
    }
  }
  return paceOf({ novaDowns, fencings, evacuations, rebuilds }, assumed);
}

const known = <T>(value: T | undefined): readonly T[] => (value === undefined ? [] : [value]);
