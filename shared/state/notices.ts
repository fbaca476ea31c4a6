import type { KnownHeartbeat } from '#shared/domain/doctor/notify.ts';
import type { ToldAlarms } from '#shared/domain/notify/alarms.ts';
import { type ChannelState, UNUSED } from '#shared/domain/notify/channel-state.ts';
import type { Notice } from '#shared/domain/notify/notice.ts';
import type { ToldIncident } from '#shared/domain/notify/of-incident.ts';
import type { ItemKey, StateReader, StateWrite } from '#shared/ports.ts';
import { all, decode, type Loaded, load, put } from './items.ts';

/** How far everything has been told; each incident that is followed has an item of its own. Times are Unix ms. */
export interface Cursor {
  /** Incidents that were opened before are followed, or have ended; null until the first look was complete. */
  readonly sinceMs: number | null;
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
const FOLLOWED = 'notify#followed';
const NEVER_LOOKED: Cursor = { sinceMs: null, alarms: {}, alarmsAtMs: 0 };
const channelKey = (channel: string): ItemKey => ({ partition: 'notify', sort: `channel#${channel}` });
const partitionOf = (channel: string): string => `notices#${channel}`;

export const loadCursor = async (state: StateReader): Promise<Loaded<Cursor>> =>
  (await load<Cursor>(state, CURSOR)) ?? { value: NEVER_LOOKED, version: 'absent' };

export const cursorWrite = ({ version }: Loaded<Cursor>, cursor: Cursor): StateWrite => put(CURSOR, version, cursor);

export interface Followed extends Loaded<ToldIncident> {
  readonly version: number;
}

/** By id: the open incidents, and those that have ended so lately that the list may still show them as new. */
export async function loadFollowed(state: StateReader): Promise<ReadonlyMap<string, Followed>> {
  const followed = new Map<string, Followed>();
  for await (const item of all(state, FOLLOWED))
    followed.set(item.sort, { value: decode<ToldIncident>(item), version: item.version });
  return followed;
}

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
