import { streamOfIncident } from '#shared/domain/audit.ts';
import type { What } from '#shared/domain/doctor/symptom.ts';
import { noticesOfAlarms, type ToldAlarms } from '#shared/domain/notify/alarms.ts';
import { isTooOld } from '#shared/domain/notify/channel-state.ts';
import { noticesOfIncident, notToldYet, type ToldIncident } from '#shared/domain/notify/of-incident.ts';
import type { Notify } from '#shared/domain/policy-notify.ts';
import { ConflictError } from '#shared/errors.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { Services } from '#shared/services.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { type Cursor, followedWrite, forgottenWrite, loadCursor, loadFollowed } from '#shared/state/notices.ts';
import { readBehind } from '#shared/state/read-audit.ts';
import { readAlarms } from './read-alarms.ts';
import { noticesThatFit, OVERLAP_MS, type Telling, telling } from './telling.ts';

const ALARMS_EVERY_MS = 60_000;
const STREAMS_AT_ONCE = 10;

type Follows = readonly [id: string, told: Loaded<ToldIncident>];

/**
 * Puts what is new on record into the channels' queues, with how far each incident is told in the same transaction: whoever
 * dies has either told nothing of it or all, and of two that look at once the later one finds it told.
 * @returns how many incidents are followed
 */
export async function findNotices(services: Services, notify: Notify): Promise<number> {
  const { state, clock } = services;
  const nowMs = clock.now();
  const cursor = await loadCursor(state);
  const known = await loadFollowed(state);
  const open = [
    ...[...known].filter(([, { value }]) => !value.closed),
    ...(await newIncidents(services, notify, cursor.value, known)),
  ];
  const look = { nowMs, heldSeconds: notify.heldSeconds, most: noticesThatFit(notify) };
  const found = await inTurn(open, STREAMS_AT_ONCE, async ([id, told]) => {
    const records = await readBehind(state, streamOfIncident(id), told.value.seq);
    return { id, told, ...noticesOfIncident(id, told.value, records, look) };
  });
  const tell = telling(state, notify, cursor, nowMs);
  try {
    for (const { id, told, next, notices } of found)
      await tell.add(notices, told.value.channels, (channels) => {
        const after = { ...next, channels };
        const isNoted = told.version !== 'absent' && JSON.stringify(after) === JSON.stringify(told.value);
        return isNoted ? {} : { write: followedWrite(id, told, after) };
      });
    for (const [id, told] of known)
      if (mayBeForgotten(told.value, cursor.value)) await tell.add([], [], () => ({ write: forgottenWrite(id, told) }));
    // Only now: each that is new is followed.
    await tell.commit({ sinceMs: nowMs });
    if (nowMs - cursor.value.alarmsAtMs >= ALARMS_EVERY_MS)
      await tellAlarms(services, tell, cursor.value.alarms, nowMs);
  } catch (error) {
    // Another look was faster, and has told as much.
    if (!(error instanceof ConflictError)) throw error;
  }
  return open.length;
}

/** What was opened since; at the first look what is open, not what once was, nor ever what has ended long ago. */
async function newIncidents(
  { state, clock, log }: Services,
  { giveUpSeconds }: Notify,
  { sinceMs }: Cursor,
  known: ReadonlyMap<string, unknown>,
): Promise<readonly Follows[]> {
  const listed = await Array.fromAsync(listIncidents(state, sinceMs === null ? 0 : sinceMs - OVERLAP_MS));
  const fresh = listed.filter(({ id, closedAtMs }) => !known.has(id) && (sinceMs !== null || closedAtMs === null));
  // Nobody has looked for that long: `notify` was out of the policy, or salvor was off.
  const { old = [], news = [] } = Object.groupBy(fresh, ({ closedAtMs }) =>
    closedAtMs !== null && isTooOld(closedAtMs, giveUpSeconds, clock.now()) ? 'old' : 'news',
  );
  if (old.length > 0)
    log.warn('incidents that have ended long ago are not told any more', { count: old.length, first: old[0]?.id });
  return news.map((entry) => [entry.id, { value: notToldYet(entry), version: 'absent' }] as const);
}

/** It has ended, and is in no list of new ones any more. */
const mayBeForgotten = ({ closed, openedAtMs }: ToldIncident, { sinceMs }: Cursor): boolean =>
  closed && sinceMs !== null && openedAtMs < sinceMs - 2 * OVERLAP_MS;

async function tellAlarms(services: Services, tell: Telling, before: ToldAlarms, nowMs: number): Promise<void> {
  const { next, notices } = noticesOfAlarms(before, await readAlarms(services), nowMs);
  const found = notices.map((notice) => [notice.thread.replace(/^alarm-/, '') as What, notice] as const);
  // As before until its notice is committed with it: what is not, the next look tells.
  let alarms: ToldAlarms = { ...next, ...Object.fromEntries(found.map(([what]) => [what, before[what]])) };
  for (const [what, notice] of found)
    await tell.add([notice], before[what]?.channels ?? [], (channels) => {
      const { [what]: _, ...others } = alarms;
      const after = next[what];
      alarms = after === undefined ? others : { ...others, [what]: { ...after, channels } };
      return { cursor: { alarms } };
    });
  await tell.commit({ alarms, alarmsAtMs: nowMs });
}
