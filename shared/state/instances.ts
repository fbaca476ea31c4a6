import { appendFacts, auditWrite, type Head, streamOfInstance } from '#shared/domain/audit.ts';
import type { RecordedBasis } from '#shared/domain/basis.ts';
import { evolveInstance, newInstance } from '#shared/domain/instance-recovery/evolve.ts';
import {
  type InstanceFact,
  type InstanceOutcome,
  type InstanceState,
  isSilentInstanceFact,
} from '#shared/domain/instance-recovery/instance.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { type ReadLines, readLine, readLines } from './incident-lines.ts';
import { all, decode, idBehind, type Loaded, load, put } from './items.ts';
import { openKey, openOf } from './open-others.ts';

/** One line per incident of an instance, open or closed; ids are time-ordered, so the list is too. */
export interface InstanceEntry {
  readonly id: string;
  readonly instanceId: string;
  readonly host: string;
  readonly hostKey: string;
  readonly segment: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly outcome: InstanceOutcome | null;
  readonly because: string;
  /** Head of the instance's stream at its end. */
  readonly auditHead: Head | null;
}

/** One that is open. */
export interface OpenInstance {
  readonly instanceId: string;
  readonly hostKey: string;
  readonly segment: string;
}

export const INSTANCE_PARTITION_PREFIX = 'instance#';
const keyOf = (id: string): ItemKey => ({ partition: `${INSTANCE_PARTITION_PREFIX}${id}`, sort: 'state' });
const entryKey = (incidentId: string): ItemKey => ({ partition: 'instance-incidents', sort: incidentId });

export async function loadInstance(state: StateReader, id: string): Promise<Loaded<InstanceState>> {
  return (await load<InstanceState>(state, keyOf(id))) ?? { value: newInstance(id), version: 'absent' };
}

export const loadInstanceEntry = (state: StateReader, incidentId: string): Promise<Loaded<InstanceEntry> | undefined> =>
  load<InstanceEntry>(state, entryKey(incidentId));

/** Every instance with an open incident. */
export async function openInstances(state: StateReader): Promise<readonly OpenInstance[]> {
  const open: OpenInstance[] = [];
  for await (const item of openOf(state, 'instance')) open.push(decode<OpenInstance>(item));
  return open;
}

/** All incidents of instances, oldest first. @param sinceMs only those that were opened at this time or later */
export async function* listInstanceIncidents(state: StateReader, sinceMs = 0): AsyncGenerator<InstanceEntry> {
  for await (const item of all(state, 'instance-incidents', undefined, idBehind(sinceMs)))
    yield decode<InstanceEntry>(item);
}

/** The same list, with what of it can't be read. */
export const readInstanceIncidents = (state: StateReader, sinceMs = 0): Promise<ReadLines<InstanceEntry>> =>
  readLines<InstanceEntry>(state, 'instance-incidents', sinceMs);

/** One line of it, or that it can't be read; neither where there is none. */
export const readInstanceEntry = (state: StateReader, incidentId: string): Promise<ReadLines<InstanceEntry>> =>
  readLine<InstanceEntry>(state, entryKey(incidentId));

/**
 * The state after the facts, and the writes that commit it with one audit record per fact, but for the silent ones (A1).
 */
export function instanceWrites(
  { value, version }: Loaded<InstanceState>,
  facts: readonly InstanceFact[],
  basis: RecordedBasis,
  nowMs: number,
): { readonly instance: InstanceState; readonly writes: readonly StateWrite[] } {
  const told = facts.filter((fact) => !isSilentInstanceFact(fact));
  const { records, head } = appendFacts(streamOfInstance(value.id), value.audit, told, nowMs, basis);
  const instance = { ...facts.reduce(evolveInstance, value), audit: head };
  return {
    instance,
    writes: [
      put(keyOf(value.id), version, instance),
      ...records.map(auditWrite),
      ...listWrites(value, instance, facts, head),
    ],
  };
}

/** An incident never opens and closes in one decision: it is confirmed first. */
function listWrites(
  before: InstanceState,
  after: InstanceState,
  facts: readonly InstanceFact[],
  auditHead: Head,
): readonly StateWrite[] {
  const writes: StateWrite[] = [];
  for (const fact of facts) {
    if (fact.type === 'instance-incident-opened') {
      const { incidentId: id, instanceId, host, hostKey, segment, atMs: openedAtMs, because } = fact;
      const common = { id, instanceId, host, hostKey, segment, openedAtMs, because };
      const entry: InstanceEntry = { ...common, closedAtMs: null, outcome: null, auditHead: null };
      const open: OpenInstance = { instanceId, hostKey, segment };
      writes.push(put(entryKey(id), 'absent', entry), put(openKey('instance', instanceId), 'absent', open));
    }
    if (fact.type === 'instance-incident-closed' && before.incident !== null) {
      const { id, host, hostKey, segment, openedAtMs } = before.incident;
      const { outcome, because, atMs: closedAtMs } = fact;
      const common = { id, instanceId: after.id, host, hostKey, segment, openedAtMs, because };
      const entry: InstanceEntry = { ...common, closedAtMs, outcome, auditHead };
      writes.push(put(entryKey(id), 1, entry), { kind: 'delete', ...openKey('instance', after.id), expect: 1 });
    }
  }
  return writes;
}
