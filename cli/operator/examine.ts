import type { Command } from 'commander';
import { deadLetterQueueOf } from '#events/catalog.ts';
import { depthOf } from '#shared/adapters/sqs/depths.ts';
import type { Within } from '#shared/domain/access.ts';
import { accessSymptoms } from '#shared/domain/doctor/access.ts';
import { capacitySymptoms } from '#shared/domain/doctor/capacity.ts';
import { fencingSymptoms } from '#shared/domain/doctor/fencing.ts';
import { heartbeatSymptoms, notifySymptoms } from '#shared/domain/doctor/notify.ts';
import { policySymptoms } from '#shared/domain/doctor/policy.ts';
import { type Symptom, trouble } from '#shared/domain/doctor/symptom.ts';
import { upkeepSymptoms } from '#shared/domain/doctor/upkeep.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { reporterRows } from '#shared/domain/reporter-summary.ts';
import { PermanentError } from '#shared/errors.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadAccess } from '#shared/state/access.ts';
import { loadBeat } from '#shared/state/beat.ts';
import { loadCapacity } from '#shared/state/capacity.ts';
import { disarmedAmong } from '#shared/state/guards.ts';
import { MAX_DUE } from '#shared/state/hosts.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { listReports } from '#shared/state/list-reports.ts';
import { loadChannels, loadHeartbeat } from '#shared/state/notices.ts';
import { listParked } from '#shared/state/parked.ts';
import { loadReadiness } from '#shared/state/readiness.ts';
import { loadRound } from '#shared/state/rounds.ts';
import { loadWatch } from '#shared/state/watch.ts';
import { ttlOf } from '../commands/reporters.ts';
import { openIncidents } from './find-incident.ts';
import { policyInForce } from './policy-in-force.ts';
import { QUEUE_NAMES, type Queues, queuesOf } from './queues.ts';

export interface Examination {
  /** Hosts that segments hold. */
  readonly hosts: number;
  readonly symptoms: readonly Symptom[];
}

/** Everything that can be told of a salvor from its state and its policy; changes nothing. */
export async function examine(state: StateReader, file: Policy, within: Within): Promise<Examination> {
  const { cloud } = file;
  const nowMs = Date.now();
  const [inventory, readiness, round, beat, watch, reports, due, policy, capacity, mirrored, access] =
    await Promise.all([
      loadInventory(state, cloud.name, cloud.region),
      loadReadiness(state, cloud),
      loadRound(state, 'survey-devices', cloud),
      loadBeat(state),
      loadWatch(state),
      listReports(state),
      state.due(Number.MAX_SAFE_INTEGER, MAX_DUE),
      policyInForce(state, file),
      loadCapacity(state, cloud),
      loadRound(state, 'mirror-instances', cloud),
      loadAccess(state, cloud),
    ]);
  const hosts = inventory.map(({ value }) => value);
  const held = hosts.filter(({ segment }) => segment !== null);
  const rows = reporterRows(reports, ({ key }) => ttlOf(reports.judgedBy.get(key), policy), nowMs);
  const heard = new Set(rows.map(({ reporter }) => reporter));
  const upkeep = {
    beat: beat?.value,
    looked: watch.value.looked,
    disarmed: disarmedAmong(due, nowMs).values.map(({ name, disarmed }) => ({
      segment: name === 'global' ? null : name.segment,
      disarmed,
    })),
    incidents: await Array.fromAsync(openIncidents(state)),
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
  const sizes = Map.groupBy(held, ({ segment }) => segment);
  return {
    hosts: held.length,
    symptoms: [
      ...fencingSymptoms(surveyed, policy, within, nowMs),
      ...accessSymptoms(access?.value, within, nowMs),
      ...upkeepSymptoms(upkeep, policy, nowMs),
      ...capacitySymptoms(
        capacity.map(({ value }) => value),
        mirrored?.value,
        policy,
        nowMs,
      ),
      ...notifySymptoms(await loadChannels(state, Object.keys(policy.notify?.channels ?? {})), nowMs),
      ...heartbeatSymptoms(policy.notify?.heartbeat && (await loadHeartbeat(state)).value, nowMs),
      ...policySymptoms(policy, (segment) => sizes.get(segment)?.length ?? 0),
    ],
  };
}

/** More than a burst of reports. */
const FULL = 1000;
/** The SDK tells of a clock that is further off than that. */
const FAR_OFF_MS = 60_000;

/** The queues too: only of a salvor that runs, or of a stack whose queue is named. */
export async function examineQueues(command: Command): Promise<readonly Symptom[]> {
  let queues: Queues;
  try {
    queues = await queuesOf(command);
  } catch (error) {
    if (error instanceof PermanentError) return [trouble('queue', 'salvor', error.message)];
    throw error;
  }
  const { client, urlOf } = queues;
  try {
    const found = await Promise.all(
      QUEUE_NAMES.map(async (name): Promise<readonly Symptom[]> => {
        const dead = deadLetterQueueOf(name);
        const [own, letters] = await Promise.all([depthOf(client, urlOf(name)), depthOf(client, urlOf(dead))]);
        const count = letters.waiting + letters.inFlight;
        return [
          ...(own.waiting < FULL ? [] : [trouble('queue', name, `${own.waiting} messages wait`)]),
          ...(count === 0 ? [] : [trouble('dead-letters', name, `${count} lie there: "salvor redrive" shows them`)]),
        ];
      }),
    );
    const offMs = client.config.systemClockOffset;
    const off = `the clock here is ${Math.round(Math.abs(offMs) / 1000)} s ${offMs < 0 ? 'ahead of' : 'behind'} that of SQS`;
    return [...found.flat(), ...(Math.abs(offMs) > FAR_OFF_MS ? [trouble('clock', 'SQS', off)] : [])];
  } finally {
    client.destroy();
  }
}
