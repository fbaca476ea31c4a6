import { streamOfIncident, streamOfTask } from '#shared/domain/audit.ts';
import { type Assumed, type Measured, type Pace, paceOf } from '#shared/domain/forecast/pace.ts';
import { evacuationIn, fencingsIn, novaDownIn, rebuildIn } from '#shared/domain/forecast/recorded-pace.ts';
import type { CloudView } from '#shared/domain/forecast/view.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { domainsOf } from '#shared/domain/segments.ts';
import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import { readKept } from '#shared/state/read-audit.ts';
import { loadRound } from '#shared/state/rounds.ts';
import { loadTasks } from '#shared/state/tasks.ts';

/** What is taken to fail. */
export interface Failing {
  readonly hosts?: readonly string[];
  readonly rack?: string;
  readonly zone?: string;
}

/** @throws PermanentError when nothing is meant by it. */
export function hostsOf(
  { hosts, rack, zone }: Failing,
  { services, aggregates }: CloudView,
  policy: Policy,
): readonly string[] {
  const all = services.map(({ host }) => host);
  if (hosts !== undefined) {
    const unknown = hosts.find((host) => !all.includes(host));
    if (unknown === undefined) return hosts;
    throw new PermanentError(`no host ${unknown} is known: "openstack compute service list" shows them`);
  }
  const found = services.filter((service) =>
    rack === undefined ? service.zone === zone : domainsOf(policy, service.host, aggregates).includes(rack),
  );
  if (found.length > 0) return found.map(({ host }) => host);
  throw new PermanentError(
    rack === undefined
      ? `no host is in the zone ${zone}`
      : `no host is in the failure domain ${rack}: failureDomains of the policy says what names them`,
  );
}

/**
 * When all instances had been listed last, in Unix ms.
 * @throws PermanentError while not all of them have been
 */
export async function mirroredAtMs(state: StateReader, policy: Policy): Promise<number> {
  const { wholeAtMs = null } = (await loadRound(state, 'mirror-instances', policy.cloud))?.value ?? {};
  if (wholeAtMs !== null) return wholeAtMs;
  throw new PermanentError(
    'not all instances are mirrored yet: wait for forecast.everySeconds of the policy, or ask "salvor what-if --live"',
  );
}

/** Enough for a median. */
const INCIDENTS = 20;
const TASKS = 200;

/** How long the newest recoveries took. */
export async function recordedPace(state: StateReader, assumed: Assumed): Promise<Pace> {
  const ended = (await Array.fromAsync(listIncidents(state))).filter(({ closedAtMs }) => closedAtMs !== null);
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
