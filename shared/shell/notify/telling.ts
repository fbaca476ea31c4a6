import type { Notice } from '#shared/domain/notify/notice.ts';
import { channelsFor } from '#shared/domain/notify/routes.ts';
import type { Notify } from '#shared/domain/policy-notify.ts';
import type { StateStore, StateWrite } from '#shared/ports.ts';
import { type Loaded, versionAfter } from '#shared/state/items.ts';
import { LIMITS } from '#shared/state/limits.ts';
import { type Cursor, cursorWrite, deliveryWrite } from '#shared/state/notices.ts';

/** Beside the cursor and what is written of whatever the notices are about. */
const ROOM = LIMITS.itemsPerTransaction - 2;

/** So many notices fit into one transaction, whichever channels each goes to; one fits always: `notify` of the policy. */
export const noticesThatFit = ({ channels }: Notify): number =>
  Math.max(1, Math.floor(ROOM / Math.max(1, Object.keys(channels).length)));

/** What is on record of one thing once its notices are queued. */
interface Noted {
  readonly write?: StateWrite;
  readonly cursor?: Partial<Cursor>;
}

export interface Telling {
  /**
   * Queues notices about one thing for their channels, and notes them in the same transaction.
   * @param told channels that were told of it before
   * @param noted given those that are told of it now
   * @param to those that were told before, and no route
   */
  add(
    notices: readonly Notice[],
    told: readonly string[],
    noted: (channels: readonly string[]) => Noted,
    to?: 'told',
  ): Promise<void>;
  commit(change: Partial<Cursor>): Promise<void>;
}

/** Commits in transactions that fit, with the cursor in each: of two that look at once one loses, and tells nothing twice. */
export function telling(state: StateStore, notify: Notify, before: Loaded<Cursor>, nowMs: number): Telling {
  let loaded = before;
  let cursor = before.value;
  let queued: StateWrite[] = [];
  let place = 0;
  const commit = async (change: Partial<Cursor>): Promise<void> => {
    cursor = { ...cursor, ...change };
    if (queued.length === 0 && isSame(loaded.value, cursor)) return;
    await state.transact([cursorWrite(loaded, cursor), ...queued]);
    loaded = { value: cursor, version: versionAfter(loaded) };
    queued = [];
  };
  return {
    commit,
    add: async (notices, told, noted, only) => {
      const writes: StateWrite[] = [];
      let channels = told;
      for (const notice of notices) {
        const to = channelsFor(notice, only === 'told' ? { ...notify, routes: [] } : notify, channels);
        for (const channel of to) writes.push(deliveryWrite(channel, notice, nowMs, place++));
        channels = [...new Set([...channels, ...to])];
      }
      const { write, cursor: change } = noted(channels);
      if (write !== undefined) writes.push(write);
      // One for the cursor.
      if (queued.length + writes.length >= LIMITS.itemsPerTransaction) await commit({});
      queued.push(...writes);
      cursor = { ...cursor, ...change };
    },
  };
}

/** The clocks of functions are apart by that much at most, and a list may lag behind. */
export const OVERLAP_MS = 300_000;

/** Nothing is written while nothing happens, but that the list of new incidents may begin later. */
const isSame = (before: Cursor, next: Cursor): boolean =>
  (before.sinceMs === null ? next.sinceMs === null : (next.sinceMs ?? 0) - before.sinceMs < OVERLAP_MS) &&
  JSON.stringify({ ...before, sinceMs: 0 }) === JSON.stringify({ ...next, sinceMs: 0 });
