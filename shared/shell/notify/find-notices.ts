import { streamOfIncident } from '#shared/domain/audit.ts';
import { noticesOfAlarms, type ToldAlarm, type ToldAlarms } from '#shared/domain/notify/alarms.ts';
import type { Notice } from '#shared/domain/notify/notice.ts';
import { noticesOfIncident, notToldYet, type ToldIncident } from '#shared/domain/notify/of-incident.ts';
import { channelsFor } from '#shared/domain/notify/routes.ts';
import type { Notify } from '#shared/domain/policy-notify.ts';
import { ConflictError } from '#shared/errors.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { listIncidents } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { LIMITS } from '#shared/state/limits.ts';
import { type Cursor, cursorWrite, deliveryWrite, loadCursor } from '#shared/state/notices.ts';
import { readBehind } from '#shared/state/read-audit.ts';
import { readAlarms } from './read-alarms.ts';

/** The clocks of functions are apart by that much at most, and a list may lag behind. */
const OVERLAP_MS = 300_000;
const ALARMS_EVERY_MS = 60_000;
const STREAMS_AT_ONCE = 10;

/**
 * Puts what is new on record into the channels' queues, with the cursor in the same transaction: whoever dies has either
 * told nothing of it or all, and of two that look at once the later one finds it told.
 * @returns how many incidents are followed
 */
export async function findNotices(services: Services, notify: Notify): Promise<number> {
  const { state, clock } = services;
  const nowMs = clock.now();
  let loaded = await loadCursor(state);
  const cursor = await withNewIncidents(services, loaded?.value ?? null, nowMs);
  const open = Object.entries(cursor.incidents).filter(([, { closed }]) => !closed);
  const found = await inTurn(open, STREAMS_AT_ONCE, async ([id, told]) => {
    const records = await readBehind(state, streamOfIncident(id), told.seq);
    return { id, ...noticesOfIncident(id, told, records, { nowMs, heldSeconds: notify.heldSeconds }) };
  });
  let incidents = cursor.incidents;
  let queued: StateWrite[] = [];
  let place = 0;
  const commit = async (change: Partial<Cursor> = {}): Promise<void> => {
    const next = { ...cursor, incidents, ...change };
    if (queued.length === 0 && isSame(loaded?.value, next)) return;
    await state.transact([cursorWrite(loaded, next), ...queued]);
    loaded = { value: next, version: versionBehind(loaded) };
    queued = [];
  };
  const queue = (notices: readonly Notice[], before: readonly string[]): readonly string[] => {
    let told = before;
    for (const notice of notices) {
      const channels = channelsFor(notice, notify, told);
      for (const channel of channels) queued.push(deliveryWrite(channel, notice, nowMs, place++));
      told = [...new Set([...told, ...channels])];
    }
    return told;
  };
  try {
    for (const { id, next, notices } of found) {
      // One for the cursor.
      const most = notices.length * Object.keys(notify.channels).length;
      if (queued.length + most >= LIMITS.itemsPerTransaction) await commit();
      incidents = { ...incidents, [id]: { ...next, channels: queue(notices, next.channels) } };
    }
    await commit();
    if (nowMs - cursor.alarmsAtMs >= ALARMS_EVERY_MS) {
      const { next, notices } = noticesOfAlarms(cursor.alarms, await readAlarms(services), nowMs);
      const alarms: Record<string, ToldAlarm> = { ...next };
      for (const notice of notices) {
        const what = notice.thread.replace(/^alarm-/, '');
        const told = queue([notice], cursor.alarms[what as keyof ToldAlarms]?.channels ?? []);
        const after = alarms[what];
        if (after !== undefined) alarms[what] = { ...after, channels: told };
      }
      await commit({ alarms, alarmsAtMs: nowMs });
    }
  } catch (error) {
    // Another look was faster, and has told as much.
    if (!(error instanceof ConflictError)) throw error;
  }
  return open.length;
}

/** The cursor with what was opened since, and without what has ended long enough ago to be in no list of new ones. */
async function withNewIncidents(services: Services, before: Cursor | null, nowMs: number): Promise<Cursor> {
  const listed = await Array.fromAsync(
    listIncidents(services.state, before === null ? 0 : before.sinceMs - OVERLAP_MS),
  );
  // At its first look salvor tells of what is open, not of what once was.
  const known = before?.incidents ?? {};
  const fresh = listed
    .filter(({ id, closedAtMs }) => !Object.hasOwn(known, id) && (before !== null || closedAtMs === null))
    .map((entry): readonly [string, ToldIncident] => [entry.id, notToldYet(entry)]);
  const kept = Object.entries(known).filter(
    ([, { closed, openedAtMs }]) => !closed || openedAtMs > nowMs - 2 * OVERLAP_MS,
  );
  return {
    sinceMs: nowMs,
    incidents: Object.fromEntries([...kept, ...fresh]),
    alarms: before?.alarms ?? {},
    alarmsAtMs: before?.alarmsAtMs ?? 0,
  };
}

/** Nothing is written while nothing happens, but that the list of new incidents may begin later. */
const isSame = (before: Cursor | undefined, next: Cursor): boolean =>
  before !== undefined &&
  next.sinceMs - before.sinceMs < OVERLAP_MS &&
  JSON.stringify({ ...before, sinceMs: 0 }) === JSON.stringify({ ...next, sinceMs: 0 });

const versionBehind = (loaded: Loaded<Cursor> | undefined): number =>
  loaded === undefined || loaded.version === 'absent' ? 1 : loaded.version + 1;
