import type { KnownHeartbeat } from '#shared/domain/doctor/notify.ts';
import type { ToldAlarms } from '#shared/domain/notify/alarms.ts';
import { type ChannelState, UNUSED } from '#shared/domain/notify/channel-state.ts';
import type { OpenThread } from '#shared/domain/notify/crowd.ts';
import type { Notice } from '#shared/domain/notify/notice.ts';
import type { ToldIncident } from '#shared/domain/notify/told-incident.ts';
import type { ToldSingle } from '#shared/domain/notify/told-single.ts';
import { PermanentError } from '#shared/errors.ts';
import type { ItemKey, StateReader, StateWrite, StoredItem } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put, readEach, type Unreadable, versionOf } from './items.ts';

/** How far everything has been told; each incident that is followed has an item of its own. Times are Unix ms. */
export interface Cursor {
  /** Incidents that the list has, and tells nothing of; looked at again until it does. An older salvor kept none. */
  readonly unreadable?: readonly Unreadable[];
  /** Incidents that were opened before are followed, or have ended; null until the first look was complete. */
  readonly sinceMs: number | null;
  /** Instances and processes are followed too. An older salvor followed none. */
  readonly others?: true;
  readonly alarms: ToldAlarms;
  readonly alarmsAtMs: number;
}

/** A notice on its way to one channel. */
export interface Delivery {
  readonly channel: string;
  readonly queuedAtMs: number;
  /** So often its receiver has refused it. */
  readonly refusals: number;
  readonly notice: Notice;
}

/** Under `cursor` an older salvor kept the incidents as well: to this one nothing was told, and a repeat has the same ids. */
const CURSOR: ItemKey = { partition: 'notify', sort: 'looked' };
export const FOLLOWED = 'notify#followed';
const NEVER_LOOKED: Cursor = { sinceMs: null, alarms: {}, alarmsAtMs: 0 };
const channelKey = (channel: string): ItemKey => ({ partition: 'notify', sort: `channel#${channel}` });
const partitionOf = (channel: string): string => `notices#${channel}`;

export const loadCursor = async (state: StateReader): Promise<Loaded<Cursor>> =>
  (await load<Cursor>(state, CURSOR)) ?? { value: NEVER_LOOKED, version: 'absent' };

export const cursorWrite = ({ version }: Loaded<Cursor>, cursor: Cursor): StateWrite => put(CURSOR, version, cursor);

export interface Followed extends Loaded<ToldIncident> {
  readonly version: number;
}

interface HowFar<T> {
  readonly known: ReadonlyMap<string, T>;
  /** With their version: how far these were told can't be read any more. */
  readonly lost: ReadonlyMap<string, number>;
}

async function howFar<T>(state: StateReader, partition: string, read: (item: StoredItem) => T): Promise<HowFar<T>> {
  const items = await Array.fromAsync(all(state, partition));
  const { values, unreadable } = readEach(items, (item) => [item.sort, read(item)] as const);
  const versions = new Map(items.map(({ sort, version }) => [sort, version]));
  return { known: new Map(values), lost: new Map(unreadable.map(({ sort }) => [sort, versions.get(sort) ?? 0])) };
}

/** By id: the open incidents, and those that have ended so lately that the list may still show them as new. */
export const loadFollowed = (state: StateReader): Promise<HowFar<Followed>> => howFar(state, FOLLOWED, followedOf);

/** @throws PermanentError when it is not what we write of one */
function followedOf(item: StoredItem): Followed {
  const value = decode<ToldIncident>(item);
  const { host, hostKey, segment, openedAtMs, seq, channels } = value;
  const isWhole =
    [host, hostKey, segment].every((each) => typeof each === 'string') &&
    [openedAtMs, seq].every((each) => typeof each === 'number') &&
    Array.isArray(channels);
  if (!isWhole) throw new PermanentError('it does not say how far an incident was told');
  return { value, version: item.version };
}

export interface FollowedSingle extends Loaded<ToldSingle> {
  readonly version: number;
}

export const SINGLES = 'notify#singles';
export const singleOf = ({ of, key }: Pick<ToldSingle, 'of' | 'key'>): string => `${of}#${key}`;

/** Instances and processes of hosts that are followed, by `singleOf`. */
export const loadSingles = (state: StateReader): Promise<HowFar<FollowedSingle>> => howFar(state, SINGLES, single);

/** @throws PermanentError when it is not what we write of one */
function single(item: StoredItem): FollowedSingle {
  const value = decode<ToldSingle>(item);
  const { host, segment, openedAtMs, seq, channels, said } = value;
  const isWhole =
    singleOf(value) === item.sort &&
    [host, segment].every((each) => typeof each === 'string') &&
    [openedAtMs, seq].every((each) => typeof each === 'number') &&
    [channels, said].every((each) => Array.isArray(each));
  if (!isWhole) throw new PermanentError('it does not say how far it was told');
  return { value, version: item.version };
}

export const singleWrite = ({ version }: Loaded<ToldSingle>, told: ToldSingle): StateWrite =>
  put({ partition: SINGLES, sort: singleOf(told) }, version, told);

export const singleForgotten = ({ value, version }: FollowedSingle): StateWrite => ({
  kind: 'delete',
  partition: SINGLES,
  sort: singleOf(value),
  expect: version,
});

const THREADS = 'notify#threads';

/** By name: what was told of several at once, and has not ended. Nobody is told of the end of one that can't be read. */
export async function loadThreads(
  state: StateReader,
): Promise<{ readonly threads: ReadonlyMap<string, Loaded<OpenThread>>; readonly unreadable: readonly Unreadable[] }> {
  const { values, unreadable } = readEach(await Array.fromAsync(all(state, THREADS)), (item) => {
    const value = decode<OpenThread>(item);
    if (!Array.isArray(value.channels)) throw new PermanentError('it does not say who was told');
    return [item.sort, { value, version: item.version }] as const;
  });
  return { threads: new Map(values), unreadable };
}

export const threadWrite = ({ version }: Pick<Loaded<OpenThread>, 'version'>, thread: OpenThread): StateWrite =>
  put({ partition: THREADS, sort: thread.thread }, version, thread);

export const threadEnded = ({ version, value }: Loaded<OpenThread>): StateWrite => ({
  kind: 'delete',
  partition: THREADS,
  sort: value.thread,
  expect: versionOf({ version }),
});

export const followedWrite = (id: string, { version }: Loaded<ToldIncident>, told: ToldIncident): StateWrite =>
  put({ partition: FOLLOWED, sort: id }, version, told);

export const forgottenWrite = (id: string, { version }: Followed): StateWrite => ({
  kind: 'delete',
  partition: FOLLOWED,
  sort: id,
  expect: version,
});

export const loadChannel = async (state: StateReader, channel: string): Promise<Loaded<ChannelState>> =>
  (await load<ChannelState>(state, channelKey(channel))) ?? { value: UNUSED, version: 'absent' };

/** How each of these does. */
export const loadChannels = (
  state: StateReader,
  names: readonly string[],
): Promise<readonly (ChannelState & { readonly name: string })[]> =>
  Promise.all(names.map(async (name) => ({ name, ...(await loadChannel(state, name)).value })));

export const channelWrite = (
  channel: string,
  { version }: Pick<Loaded<ChannelState>, 'version'>,
  state: ChannelState,
): StateWrite => put(channelKey(channel), version, state);

/** They go out in the order in which they were put there. @param index within one look */
export const deliveryWrite = (channel: string, notice: Notice, queuedAtMs: number, index: number): StateWrite => {
  const sort = `${String(queuedAtMs).padStart(15, '0')}#${String(index).padStart(5, '0')}`;
  const delivery: Delivery = { channel, queuedAtMs, refusals: 0, notice };
  return put({ partition: partitionOf(channel), sort }, 'absent', delivery);
};

export interface Queued extends Loaded<Delivery> {
  readonly key: ItemKey;
  readonly version: number;
}

/** Those that wait for a channel, the oldest first. */
export async function loadQueued(state: StateReader, channel: string, limit: number): Promise<readonly Queued[]> {
  const { items } = await state.query(partitionOf(channel), { limit });
  return items.map((item) => ({
    key: { partition: item.partition, sort: item.sort },
    version: item.version,
    value: decode<Delivery>(item),
  }));
}

export const requeueWrite = ({ key, version, value }: Queued, refusals: number): StateWrite =>
  put(key, version, { ...value, refusals });

export const doneWrite = ({ key, version }: Queued): StateWrite => ({ kind: 'delete', ...key, expect: version });

const HEARTBEAT: ItemKey = { partition: 'notify', sort: 'heartbeat' };

export const loadHeartbeat = async (state: StateReader): Promise<Loaded<KnownHeartbeat>> =>
  (await load<KnownHeartbeat>(state, HEARTBEAT)) ?? {
    value: { ...UNUSED, withheldSinceMs: null, because: [] },
    version: 'absent',
  };

export const heartbeatWrite = ({ version }: Loaded<KnownHeartbeat>, heartbeat: KnownHeartbeat): StateWrite =>
  put(HEARTBEAT, version, heartbeat);
