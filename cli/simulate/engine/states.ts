import type { StateWrite } from '#shared/ports.ts';
import { OPEN_OTHERS, openOfKey } from '#shared/state/open-others.ts';
import type { IncidentState, StateName, TaskState } from '../faults.ts';

/** A host on its way back, as far as people ask for it. */
export interface Returning {
  readonly status: string;
  readonly quarantine: object | null;
  readonly askedFor: object | null;
  /** Instances that people have in hand: they switch the host on. */
  readonly persons: number;
}

interface HostStates {
  incident: IncidentState;
  incidentId: string | null;
  returning: Returning | null;
  inMaintenance: boolean;
  readonly tasks: Map<string, TaskState>;
}

/**
 * In which state salvor has each host and instance, told from what it commits. It times faults and counts what was
 * reached; no invariant is judged by it.
 */
export class States {
  readonly #byHost = new Map<string, HostStates>();
  readonly #hostOfIncident = new Map<string, string>();
  readonly #nameOf: (hostKey: string) => string | undefined;
  #changed = new Set<string>();
  /** Ids of the instances that have an incident of their own. */
  readonly openInstances = new Set<string>();

  /** @param nameOf the host's name by its key */
  constructor(nameOf: (hostKey: string) => string | undefined) {
    this.#nameOf = nameOf;
  }

  follow(writes: readonly StateWrite[]): void {
    for (const write of writes) {
      if (write.partition === OPEN_OTHERS) this.#followOpen(write.kind, write.sort);
      if (write.kind !== 'put') continue;
      if (write.partition.startsWith('host#')) this.#followHost(write.partition.slice('host#'.length), write.body);
      else if (write.partition.startsWith('tasks#')) this.#followTask(write);
    }
  }

  incidentOf(host: string): IncidentState {
    return this.#byHost.get(host)?.incident ?? 'none';
  }

  incidentIdOf(host: string): string | undefined {
    return this.#byHost.get(host)?.incidentId ?? undefined;
  }

  /** Null: it is not on its way back. */
  returningOf(host: string): Returning | null {
    return this.#byHost.get(host)?.returning ?? null;
  }

  /** Whether salvor has it in maintenance. */
  isInMaintenance(host: string): boolean {
    return this.#byHost.get(host)?.inMaintenance === true;
  }

  /** The tasks of the open incident, by instance. */
  tasksOf(host: string): ReadonlyMap<string, TaskState> {
    return this.#byHost.get(host)?.tasks ?? new Map();
  }

  taskOf(host: string, instanceId: string): TaskState | undefined {
    return this.#byHost.get(host)?.tasks.get(instanceId);
  }

  /** @param instanceId where it is about one instance, only that one's task counts */
  isIn(host: string, state: StateName, instanceId?: string): boolean {
    if (!state.startsWith('task ')) return this.incidentOf(host) === state;
    if (instanceId !== undefined) return this.taskOf(host, instanceId) === state;
    return [...this.tasksOf(host).values()].includes(state as TaskState);
  }

  /** Every state that something about the host is in now. */
  statesOf(host: string, instanceId?: string): readonly StateName[] {
    const task = instanceId === undefined ? undefined : this.taskOf(host, instanceId);
    const tasks = task === undefined ? (instanceId === undefined ? this.tasksOf(host).values() : []) : [task];
    return [this.incidentOf(host), ...new Set(tasks)];
  }

  /** Hosts of which something has changed since it was asked last. */
  takeChanged(): ReadonlySet<string> {
    if (this.#changed.size === 0) return this.#changed;
    const changed = this.#changed;
    this.#changed = new Set();
    return changed;
  }

  #followOpen(kind: StateWrite['kind'], sort: string): void {
    const { kind: whose, of } = openOfKey(sort);
    if (whose !== 'instance') return;
    if (kind === 'delete') this.openInstances.delete(of);
    if (kind === 'put') this.openInstances.add(of);
  }

  #followHost(key: string, body: { readonly [name: string]: unknown }): void {
    const name = this.#nameOf(key);
    if (name === undefined) return;
    const incident = body.incident as { readonly status: IncidentState; readonly id: string } | null;
    const states = this.#host(name);
    const id = incident?.id ?? null;
    if (id !== states.incidentId) {
      states.tasks.clear();
      states.incidentId = id;
      if (id !== null) this.#hostOfIncident.set(id, name);
    }
    states.incident = incident?.status ?? 'none';
    states.returning = (body.returning as Returning | null | undefined) ?? null;
    states.inMaintenance = body.maintenance != null;
    this.#changed.add(name);
  }

  #followTask({ partition, sort, body }: Extract<StateWrite, { kind: 'put' }>): void {
    const incidentId = partition.slice('tasks#'.length);
    const name = this.#hostOfIncident.get(incidentId);
    const states = name === undefined ? undefined : this.#byHost.get(name);
    if (name === undefined || states?.incidentId !== incidentId) return;
    const { status } = body.progress as unknown as { readonly status: string };
    states.tasks.set(sort, `task ${status}` as TaskState);
    this.#changed.add(name);
  }

  #host(name: string): HostStates {
    const known = this.#byHost.get(name);
    if (known !== undefined) return known;
    const fresh: HostStates = {
      incident: 'none',
      incidentId: null,
      returning: null,
      inMaintenance: false,
      tasks: new Map(),
    };
    this.#byHost.set(name, fresh);
    return fresh;
  }
}
