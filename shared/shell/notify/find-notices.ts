import { streamOfIncident } from '#shared/domain/audit.ts';
import type { What } from '#shared/domain/doctor/symptom.ts';
import { noticesOfAlarms, type ToldAlarms } from '#shared/domain/notify/alarms.ts';
import { short } from '#shared/domain/notify/notice.ts';
import { endOfBlind, noticesOfIncident } from '#shared/domain/notify/of-incident.ts';
import type { ToldIncident } from '#shared/domain/notify/told-incident.ts';
import type { Notify } from '#shared/domain/policy-notify.ts';
import { ConflictError } from '#shared/errors.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { StateReader } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { readEntry } from '#shared/state/hosts.ts';
import type { Unreadable } from '#shared/state/items.ts';
import { type Cursor, followedWrite, forgottenWrite, loadCursor, loadThreads } from '#shared/state/notices.ts';
import { readBehind } from '#shared/state/read-audit.ts';
import { findSingles } from './find-singles.ts';
import { type Following, type Found, incidentsToFollow } from './followed.ts';
import { readAlarms } from './read-alarms.ts';
import { type Followee, tellThings } from './tell-things.ts';
import { noticesThatFit, OVERLAP_MS, type Telling, telling } from './telling.ts';

const ALARMS_EVERY_MS = 60_000;
const STREAMS_AT_ONCE = 10;

/**
 * Puts what is new on record into the channels' queues, with how far each incident is told in the same transaction: whoever
 * dies has either told nothing of it or all, and of two that look at once the later one finds it told. What can't be read of
 * one incident keeps back no other.
 * @returns how many incidents are followed
 * @throws what reading one has met, once all others are told
 */
export async function findNotices(services: Services, notify: Notify): Promise<number> {
  const { state, clock } = services;
  const nowMs = clock.now();
  const cursor = await loadCursor(state);
  const { known, open, ...lists } = await incidentsToFollow(services, notify, cursor.value);
  const { threads, ...others } = await loadThreads(state);
  const look = { nowMs, heldSeconds: notify.heldSeconds, most: noticesThatFit(notify) };
  const singles = await findSingles(services, cursor.value, { ...look, giveUpSeconds: notify.giveUpSeconds });
  const unreadable = [...lists.unreadable, ...singles.unreadable, ...others.unreadable]
    .slice(0, MOST_UNREADABLE)
    .map((each) => ({ ...each, because: short(each.because, WHY_LENGTH) }));
  logUnreadable(services, cursor.value, unreadable);
  const failures = [...singles.failures];
  const found = await inTurn(open, STREAMS_AT_ONCE, async (following) => {
    try {
      return await readIncident(state, following, look);
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  });
  const tell = telling(state, notify, cursor, nowMs);
  try {
    const followees = [...followeesOf(known, found), ...singles.followees];
    const how = { nowMs, from: notify.togetherFrom, most: look.most };
    const live = await tellThings(tell, followees, threads, how);
    const isUnreadable = new Set(unreadable.map(({ sort }) => sort));
    for (const [id, told] of known)
      if (mayBeForgotten(told.value, cursor.value, live) && !isUnreadable.has(id))
        await tell.add([], [], () => ({ write: forgottenWrite(id, told) }));
    for (const write of singles.forgotten(live)) await tell.add([], [], () => ({ write }));
    // Only now: each that is new is followed. What could not be read now is new to the next look.
    await tell.commit({ unreadable, others: true, ...(failures.length === 0 ? { sinceMs: nowMs } : {}) });
    if (nowMs - cursor.value.alarmsAtMs >= ALARMS_EVERY_MS)
      await tellAlarms(services, tell, { told: cursor.value.alarms, unreadable }, nowMs);
  } catch (error) {
    // Another look was faster, and has told as much.
    if (!(error instanceof ConflictError)) throw error;
  }
  if (failures.length > 0) throw failures[0];
  return open.length + singles.open;
}

interface IncidentRead extends ReturnType<typeof noticesOfIncident> {
  readonly id: string;
  readonly told: Following[1];
}

async function readIncident(
  state: StateReader,
  [id, told]: Following,
  look: Parameters<typeof noticesOfIncident>[3],
): Promise<IncidentRead> {
  const records = await readBehind(state, streamOfIncident(id), told.value.seq);
  const found = noticesOfIncident(id, told.value, records, look);
  if (found.next.blind !== true || found.notices.length >= look.most) return { id, told, ...found };
  const [entry] = (await readEntry(state, id)).values;
  if (entry === undefined) return { id, told, ...found };
  const { next, notices } = endOfBlind(id, found.next, entry);
  return { id, told, next, notices: [...found.notices, ...notices] };
}

/** More than a few are no accident of one item, and each is in the log. */
const MOST_UNREADABLE = 50;
const WHY_LENGTH = 200;

function logUnreadable({ log }: Services, { unreadable: noted = [] }: Cursor, now: readonly Unreadable[]): void {
  const known = new Set(noted.map(({ sort }) => sort));
  for (const { item, sort, because } of now)
    if (!known.has(sort))
      log.error('what is to be told can not be read', { fact: 'notice-unreadable', item, incidentId: sort, because });
}

/** Those that were read as they are now, and those that have ended, or could not be read, as they were. */
function followeesOf(known: Found['known'], found: readonly (IncidentRead | undefined)[]): readonly Followee[] {
  const read = found.filter((each) => each !== undefined);
  const isRead = new Set(read.map(({ id }) => id));
  const others = [...known].flatMap(([id, told]) =>
    isRead.has(id) ? [] : [{ id, told, next: told.value, notices: [] }],
  );
  return [...read, ...others].map(({ id, told, next, notices }) => ({
    thing: {
      id,
      of: 'host',
      name: next.host,
      segment: next.segment,
      isOpen: !next.closed,
      channels: told.value.channels,
    },
    crowd: next.crowd,
    notices,
    write: (channels, crowd) => {
      const after = { ...next, channels, ...(crowd === undefined ? {} : { crowd }) };
      const isNoted = told.version !== 'absent' && JSON.stringify(after) === JSON.stringify(told.value);
      return isNoted ? undefined : followedWrite(id, told, after);
    },
  }));
}

/** It has ended, all of it was told, and it is in no list of new ones any more. @param live where it may have been told with others */
const mayBeForgotten = (
  { closed, openedAtMs, crowd }: ToldIncident,
  { sinceMs }: Cursor,
  live: ReadonlySet<string>,
): boolean =>
  closed &&
  sinceMs !== null &&
  openedAtMs < sinceMs - 2 * OVERLAP_MS &&
  (crowd?.waiting ?? []).length === 0 &&
  !crowd?.threads.some((each) => live.has(each));

async function tellAlarms(
  services: Services,
  tell: Telling,
  { told: before, unreadable }: { readonly told: ToldAlarms; readonly unreadable: readonly Unreadable[] },
  nowMs: number,
): Promise<void> {
  const { next, notices } = noticesOfAlarms(before, await readAlarms(services, unreadable), nowMs);
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
