import { type AuditRecord, streamOfInstance, streamOfProcesses } from '#shared/domain/audit.ts';
import { isTooOld } from '#shared/domain/notify/channel-state.ts';
import { isBlind, type ListedEnd, noticesOfSingle } from '#shared/domain/notify/of-single.ts';
import { type FollowsSingle, type Said, singleNotToldYet, type ToldSingle } from '#shared/domain/notify/told-single.ts';
import { inTurn } from '#shared/in-turn.ts';
import type { StateReader, StateWrite } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { readInstanceEntry, readInstanceIncidents } from '#shared/state/instances.ts';
import type { Loaded, Unreadable } from '#shared/state/items.ts';
import { type Cursor, loadSingles, SINGLES, singleForgotten, singleOf, singleWrite } from '#shared/state/notices.ts';
import { readProcessEntry, readProcessIncidents } from '#shared/state/processes.ts';
import { readBehind } from '#shared/state/read-audit.ts';
import type { Followee } from './tell-things.ts';
import { OVERLAP_MS } from './telling.ts';

const AT_ONCE = 10;
/** What was told lately is no news again; a trouble that nobody has ended in a week nobody ends. */
const KEPT_MS = 86_400_000;
const TROUBLE_MS = 7 * KEPT_MS;

export interface Singles {
  readonly followees: readonly Followee[];
  /** @param live threads of several that have not ended */
  readonly forgotten: (live: ReadonlySet<string>) => readonly StateWrite[];
  readonly unreadable: readonly Unreadable[];
  readonly failures: readonly unknown[];
  readonly open: number;
}

interface Entry extends FollowsSingle, ListedEnd {}

/**
 * What is new of single instances and of processes. What can't be read of one keeps back no other.
 * @param look as for a host
 */
export async function findSingles(
  services: Services,
  cursor: Cursor,
  { nowMs, most, giveUpSeconds }: { readonly nowMs: number; readonly most: number; readonly giveUpSeconds: number },
): Promise<Singles> {
  const { state, policy } = services;
  const isFirst = cursor.others !== true || cursor.sinceMs === null;
  const { known, lost } = await loadSingles(state);
  const { entries, unreadable } = await listed(services, cursor, isFirst ? 0 : (cursor.sinceMs ?? 0) - OVERLAP_MS);
  const news = entries.filter(({ closedAtMs }) =>
    closedAtMs === null ? true : !isFirst && !isTooOld(closedAtMs, giveUpSeconds, nowMs),
  );
  const newest = new Map(entries.map((entry) => [singleOf(entry), entry]));
  const follow = new Map<string, Loaded<ToldSingle>>();
  for (const [id, told] of known) {
    const entry = newest.get(id);
    const isNew = entry !== undefined && entry.openedAtMs > told.value.openedAtMs;
    if (told.value.closedAtMs === null || isNew) follow.set(id, told);
  }
  for (const entry of news) {
    const id = singleOf(entry);
    if (known.has(id) || follow.has(id)) continue;
    follow.set(id, { value: singleNotToldYet(entry), version: lost.get(id) ?? 'absent' });
  }
  const failures: unknown[] = [];
  const read = await inTurn([...follow], AT_ONCE, async ([id, told]) => {
    try {
      const records = await readBehind(state, streamOf(told.value), told.value.seq);
      return [id, said(told.value, records, newest.get(id))] as const;
    } catch (error) {
      failures.push(error);
      return undefined;
    }
  });
  function said(told: ToldSingle, records: readonly AuditRecord[], entry: Entry | undefined): Said {
    const segment = policy.segments.find(({ name }) => name === told.segment);
    const restartAttempts = segment?.processRecovery?.restartAttempts ?? 1;
    const found = noticesOfSingle(told, records, { nowMs, restartAttempts, most });
    if (!isBlind(found.next) || entry === undefined) return found;
    const ended = noticesOfSingle(found.next, [], { nowMs, restartAttempts, most }, entry);
    return { next: ended.next, notices: [...found.notices, ...ended.notices] };
  }
  const found = new Map(read.filter((each) => each !== undefined));
  const all = new Map<string, Loaded<ToldSingle>>([...known, ...follow]);
  return {
    followees: [...all].flatMap(([id, told]) => {
      // What waits for its time may be due without a new record. What could not be read now is as it was.
      const idle = (): Said => noticesOfSingle(told.value, [], { nowMs, restartAttempts: 1, most });
      const now = found.get(id) ?? (follow.has(id) ? { next: told.value, notices: [] } : idle());
      return told.version === 'absent' && !found.has(id) ? [] : [followee(id, told, now, nowMs)];
    }),
    forgotten: (live) =>
      [...known].flatMap(([id, told]) =>
        !found.has(id) && mayBeForgotten(told.value, live, nowMs) ? [singleForgotten(told)] : [],
      ),
    unreadable: [
      ...unreadable,
      ...[...lost.keys()]
        .filter((id) => !follow.has(id))
        .map((sort) => ({
          item: SINGLES,
          sort,
          because: 'how far it was told can not be read',
        })),
    ],
    failures,
    open: follow.size,
  };
}

const streamOf = ({ of, key }: ToldSingle): string =>
  of === 'instance' ? streamOfInstance(key) : streamOfProcesses(key);

/** The oldest first, and those that could not be read, wherever the lists begin by now. */
async function listed(
  { state }: Services,
  { unreadable: noted = [] }: Cursor,
  sinceMs: number,
): Promise<{ readonly entries: readonly Entry[]; readonly unreadable: readonly Unreadable[] }> {
  const again = <T>(list: string, read: (state: StateReader, id: string) => Promise<T>): Promise<readonly T[]> =>
    Promise.all(noted.filter(({ item }) => item === list).map(({ sort }) => read(state, sort)));
  const instances = [
    ...(await again('instance-incidents', readInstanceEntry)),
    await readInstanceIncidents(state, sinceMs),
  ];
  const processes = [
    ...(await again('process-incidents', readProcessEntry)),
    await readProcessIncidents(state, sinceMs),
  ];
  const entries: readonly Entry[] = [
    ...instances.flatMap(({ values }) =>
      values.map((entry) => ({ ...entry, of: 'instance' as const, key: entry.instanceId, incidentId: entry.id })),
    ),
    ...processes.flatMap(({ values }) =>
      values.map((entry) => ({ ...entry, of: 'process' as const, key: entry.hostKey, incidentId: entry.id })),
    ),
  ];
  // What is in the list still is there twice.
  const all = [...instances, ...processes].flatMap(({ unreadable }) => unreadable);
  return { entries, unreadable: [...new Map(all.map((each) => [each.sort, each])).values()] };
}

const lastMs = ({ openedAtMs, closedAtMs }: ToldSingle): number => closedAtMs ?? openedAtMs;

function followee(id: string, told: Loaded<ToldSingle>, { next, notices }: Said, nowMs: number): Followee {
  const isTrouble = next.trouble && nowMs - lastMs(next) < TROUBLE_MS;
  return {
    thing: {
      id,
      of: next.of,
      name: next.of === 'instance' ? next.key : next.host,
      segment: next.segment,
      isOpen: isTrouble || next.closedAtMs === null,
      channels: told.value.channels,
    },
    crowd: next.crowd,
    notices,
    write: (channels, crowd) => {
      const after = { ...next, channels, ...(crowd === undefined ? {} : { crowd }) };
      const isNoted = told.version !== 'absent' && JSON.stringify(after) === JSON.stringify(told.value);
      return isNoted ? undefined : singleWrite(told, after);
    },
  };
}

function mayBeForgotten(told: ToldSingle, live: ReadonlySet<string>, nowMs: number): boolean {
  const { closedAtMs, trouble, later, crowd } = told;
  if (closedAtMs === null || later !== null || (crowd?.waiting ?? []).length > 0) return false;
  if (crowd?.threads.some((each) => live.has(each))) return false;
  return nowMs - closedAtMs >= (trouble ? TROUBLE_MS : KEPT_MS);
}
