import { accessSymptoms } from '#shared/domain/doctor/access.ts';
import { capacitySymptoms } from '#shared/domain/doctor/capacity.ts';
import { fencingSymptoms } from '#shared/domain/doctor/fencing.ts';
import { notifySymptoms } from '#shared/domain/doctor/notify.ts';
import type { Symptom } from '#shared/domain/doctor/symptom.ts';
import { unreadableSymptoms } from '#shared/domain/doctor/unreadable.ts';
import { upkeepSymptoms } from '#shared/domain/doctor/upkeep.ts';
import type { Services } from '#shared/services.ts';
import { loadAccess } from '#shared/state/access.ts';
import { loadBeat } from '#shared/state/beat.ts';
import { loadCapacity } from '#shared/state/capacity.ts';
import { disarmedAmong } from '#shared/state/guards.ts';
import { hostsAmong, MAX_DUE } from '#shared/state/hosts.ts';
import type { Unreadable } from '#shared/state/items.ts';
import { loadChannels } from '#shared/state/notices.ts';
import { loadReadiness } from '#shared/state/readiness.ts';
import { loadRound } from '#shared/state/rounds.ts';
import { loadWatch } from '#shared/state/watch.ts';

/**
 * What `salvor doctor` says of salvor itself, its way into the cloud, its fence devices, channels, and the room that is left.
 * @param unreadable incidents of the list
 */
export async function readAlarms(
  { state, policy, clock }: Services,
  unreadable: readonly Unreadable[],
): Promise<readonly Symptom[]> {
  const { cloud, survey } = policy;
  const [due, beat, watch, access, readiness, surveyed, capacity, mirrored, channels] = await Promise.all([
    state.due(Number.MAX_SAFE_INTEGER, MAX_DUE),
    loadBeat(state),
    loadWatch(state),
    loadAccess(state, cloud),
    loadReadiness(state, cloud),
    loadRound(state, 'survey-devices', cloud),
    loadCapacity(state, cloud),
    loadRound(state, 'mirror-instances', cloud),
    loadChannels(state, Object.keys(policy.notify?.channels ?? {})),
  ]);
  const nowMs = clock.now();
  const disarmed = disarmedAmong(due, nowMs).values.map((each) => ({
    segment: each.name === 'global' ? null : each.name.segment,
    disarmed: each.disarmed,
  }));
  const nothing = { incidents: [], reporters: [], unheard: [], parked: [], unprotected: [] };
  const upkeep = { ...nothing, beat: beat?.value, looked: watch.value.looked, disarmed };
  const devices = { readiness: readiness.map(({ value }) => value), round: surveyed?.value, held: [] };
  const room = capacity.map(({ value }) => value);
  return [
    ...upkeepSymptoms(upkeep, policy, nowMs),
    ...accessSymptoms(access?.value, survey, nowMs),
    ...fencingSymptoms(devices, policy, survey, nowMs),
    ...notifySymptoms(channels, nowMs),
    ...capacitySymptoms(room, mirrored?.value, policy, nowMs),
    ...unreadableSymptoms(hostsAmong(due).unreadable, unreadable),
  ];
}
