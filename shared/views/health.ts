import type { Within } from '#shared/domain/access.ts';
import { accessSymptoms } from '#shared/domain/doctor/access.ts';
import { AREAS, type Area, areaOf, lastSeenOf } from '#shared/domain/doctor/areas.ts';
import { capacitySymptoms } from '#shared/domain/doctor/capacity.ts';
import { fencingSymptoms } from '#shared/domain/doctor/fencing.ts';
import { heartbeatSymptoms, notifySymptoms } from '#shared/domain/doctor/notify.ts';
import { policySymptoms } from '#shared/domain/doctor/policy.ts';
import { queueSymptoms } from '#shared/domain/doctor/queues.ts';
import { note, REMEDY, type Symptom, trouble, type What } from '#shared/domain/doctor/symptom.ts';
import { unreadableSymptoms } from '#shared/domain/doctor/unreadable.ts';
import { upkeepSymptoms } from '#shared/domain/doctor/upkeep.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { reporterRows } from '#shared/domain/reporter-summary.ts';
import { PermanentError, RetryableError } from '#shared/errors.ts';
import type { QueueLook, QueueLooks, StateReader } from '#shared/ports.ts';
import { policyInForce } from '#shared/shell/policy-in-force.ts';
import { loadAccess } from '#shared/state/access.ts';
import { loadBeat } from '#shared/state/beat.ts';
import { loadCapacity } from '#shared/state/capacity.ts';
import { disarmedAmong } from '#shared/state/guards.ts';
import { hostsAmong, MAX_DUE } from '#shared/state/hosts.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { listReports } from '#shared/state/list-reports.ts';
import { loadChannels, loadCursor, loadHeartbeat } from '#shared/state/notices.ts';
import { listParked } from '#shared/state/parked.ts';
import { loadReadiness } from '#shared/state/readiness.ts';
import { loadRound } from '#shared/state/rounds.ts';
import { loadWatch } from '#shared/state/watch.ts';
import { ttlOf } from './reporters.ts';

/** Whether salvor itself could do its work. Times are Unix ms. */
export interface Health {
  readonly atMs: number;
  /** Hosts that segments hold. */
  readonly hosts: number;
  /** Troubles first. */
  readonly symptoms: readonly Symptom[];
  /** What to do about each kind that was found. */
  readonly remedies: readonly { readonly what: What; readonly area: Area; readonly do: string }[];
  readonly areas: readonly AreaHealth[];
  /** Null: they can't be looked at from here. */
  readonly queues: readonly QueueLook[] | null;
}

export interface AreaHealth {
  readonly area: Area;
  readonly level: 'well' | Symptom['level'];
  readonly troubles: number;
  readonly notes: number;
  /** When it was seen at work; null: never, or nothing tells. */
  readonly lastMs: number | null;
}

interface Parts {
  readonly state: StateReader;
  /** The operator's. */
  readonly policy: Policy;
  readonly queues?: QueueLooks | undefined;
}

/** Everything that can be told of a salvor from its state, its policy and its queues; changes nothing. */
export async function examine({ state, policy, queues }: Parts, within: Within, nowMs: number): Promise<Health> {
  const [{ hosts, symptoms, seen }, found] = await Promise.all([
    examineState(state, policy, within, nowMs),
    examineQueues(queues, nowMs),
  ]);
  const all = [...symptoms, ...found.symptoms];
  const ordered = [
    ...all.filter(({ level }) => level === 'trouble'),
    ...all.filter(({ level }) => level === 'note'),
  ] as const;
  const kinds = [...new Set(ordered.map(({ what }) => what))];
  const last = lastSeenOf({ ...seen, queuesAtMs: found.queues === null ? null : nowMs });
  return {
    atMs: nowMs,
    hosts,
    symptoms: ordered,
    remedies: kinds.map((what) => ({ what, area: areaOf({ what }), do: REMEDY[what] })),
    areas: AREAS.map((area) => {
      const own = ordered.filter((each) => areaOf(each) === area);
      const troubles = own.filter(({ level }) => level === 'trouble').length;
      const level = troubles > 0 ? 'trouble' : own.length > 0 ? 'note' : 'well';
      return { area, level, troubles, notes: own.length - troubles, lastMs: last[area] };
    }),
    queues: found.queues,
  };
}

async function examineState(state: StateReader, own: Policy, within: Within, nowMs: number) {
  const { cloud } = own;
  const [
    inventory,
    readiness,
    round,
    beat,
    watch,
    reports,
    due,
    policy,
    capacity,
    mirrored,
    access,
    channels,
    heartbeat,
    told,
  ] = await Promise.all([
    loadInventory(state, cloud.name, cloud.region),
    loadReadiness(state, cloud),
    loadRound(state, 'survey-devices', cloud),
    loadBeat(state),
    loadWatch(state),
    listReports(state),
    state.due(Number.MAX_SAFE_INTEGER, MAX_DUE),
    policyInForce(state, own),
    loadCapacity(state, cloud),
    loadRound(state, 'mirror-instances', cloud),
    loadAccess(state, cloud),
    loadChannels(state, Object.keys(own.notify?.channels ?? {})),
    loadHeartbeat(state),
    loadCursor(state),
  ]);
  const hosts = inventory.map(({ value }) => value);
  const held = hosts.filter(({ segment }) => segment !== null);
  const rows = reporterRows(reports, ({ key }) => ttlOf(reports.judgedBy.get(key), policy), nowMs);
  const heard = new Set(rows.map(({ reporter }) => reporter));
  const among = hostsAmong(due);
  const upkeep = {
    beat: beat?.value,
    looked: watch.value.looked,
    disarmed: disarmedAmong(due, nowMs).values.map(({ name, disarmed }) => ({
      segment: name === 'global' ? null : name.segment,
      disarmed,
    })),
    incidents: among.values.flatMap(({ name: host, incident }) => (incident === null ? [] : [{ host, incident }])),
    reporters: rows,
    unheard: Object.keys(policy.reporters ?? {}).filter((name) => !heard.has(name)),
    parked: await Array.fromAsync(listParked(state)),
    unprotected: hosts.filter(({ segment }) => segment === null),
  };
  const surveyed = {
    readiness: readiness.map(({ value }) => value),
    round: round?.value,
    held: held.map(({ host }) => host),
  };
  const known = capacity.map(({ value }) => value);
  const sizes = Map.groupBy(held, ({ segment }) => segment);
  return {
    hosts: held.length,
    symptoms: [
      ...fencingSymptoms(surveyed, policy, within, nowMs),
      ...accessSymptoms(access?.value, within, nowMs),
      ...upkeepSymptoms(upkeep, policy, nowMs),
      ...unreadableSymptoms(among.unreadable, told.value.unreadable ?? []),
      ...capacitySymptoms(known, mirrored?.value, policy, nowMs),
      ...notifySymptoms(channels, nowMs),
      ...heartbeatSymptoms(policy.notify?.heartbeat && heartbeat.value, nowMs),
      ...policySymptoms(policy, (segment) => sizes.get(segment)?.length ?? 0),
    ],
    seen: {
      beat: upkeep.beat,
      looked: upkeep.looked,
      survey: round?.value,
      forecast: mirrored?.value,
      accessAskedAtMs: access?.value.askedAtMs ?? null,
    },
  };
}

type QueuesExamined = { readonly symptoms: readonly Symptom[]; readonly queues: readonly QueueLook[] | null };

async function examineQueues(queues: QueueLooks | undefined, nowMs: number): Promise<QueuesExamined> {
  if (queues === undefined)
    return {
      symptoms: [note('queue', 'salvor', 'they can not be looked at from here: ask "salvor doctor"')],
      queues: null,
    };
  try {
    const looked = await queues.look();
    return { symptoms: queueSymptoms(looked.queues, looked.clockOffMs, nowMs), queues: looked.queues };
  } catch (error) {
    if (!(error instanceof PermanentError || error instanceof RetryableError)) throw error;
    return { symptoms: [trouble('queue', 'salvor', error.message)], queues: null };
  }
}
