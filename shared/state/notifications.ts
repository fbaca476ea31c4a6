import type { ItemKey, JsonObject, Page, StateReader, StateWrite } from '#shared/ports.ts';
import { decode, type Loaded, load, put } from './items.ts';

/** What came in through the Masakari API, kept for its lists. Nothing is decided on it. */
export interface NotificationRecord {
  /** Grows with time. */
  readonly id: number;
  /** A UUID of version 7 whose first 60 bits are the id's, so that one item is found by both. */
  readonly uuid: string;
  readonly type: 'COMPUTE_HOST' | 'VM' | 'PROCESS';
  readonly host: string;
  readonly hostKey: string;
  /** The segment that held the host; null when none did. */
  readonly segment: string | null;
  readonly payload: JsonObject;
  /** UTC, ISO 8601 with six decimals and without a zone, by the sender's clock. */
  readonly generatedTime: string;
  readonly receivedAtMs: number;
}

/** The newest notification of one content and reporter, by which a duplicate is told. */
export interface Seen {
  readonly generatedTime: string;
}

const KEEP_MS = 30 * 86_400_000;
const KEEP_SEEN_MS = 86_400_000;
/** So that no partition has to take more than a sixteenth of what comes in: DynamoDB writes 1,000 units a second to one. */
const SHARDS = 16;
/** 2020: ids stay whole numbers for JavaScript until 2089. */
const EPOCH_MS = Date.UTC(2020, 0, 1);
const IDS_PER_MS = 4096;
const DIGITS = 16;

export interface Region {
  readonly name: string;
  readonly region: string;
}

const partitionOf = ({ name, region }: Region, shard: number): string =>
  `notifications#${name}/${region}#${shard.toString(16)}`;
/** The newest first. */
const sortOf = (id: number): string => String(Number.MAX_SAFE_INTEGER - id).padStart(DIGITS, '0');
const keyOf = (region: Region, id: number): ItemKey => ({
  partition: partitionOf(region, id % SHARDS),
  sort: sortOf(id),
});
const seenKeyOf = ({ name, region }: Region, content: string): ItemKey => ({
  partition: `notification-seen#${name}/${region}#${content}`,
  sort: 'state',
});

/** @param chanceId a UUID with chance in its last 62 bits: two of one millisecond differ in 12 of them, or the write fails */
export function newNotificationId(nowMs: number, chanceId: string): Pick<NotificationRecord, 'id' | 'uuid'> {
  const place = chanceId.slice(-3);
  const time = nowMs.toString(16).padStart(12, '0');
  const id = (nowMs - EPOCH_MS) * IDS_PER_MS + Number.parseInt(place, 16);
  return { id, uuid: `${time.slice(0, 8)}-${time.slice(8)}-7${place}-${chanceId.slice(19)}` };
}

export const loadSeen = (state: StateReader, region: Region, content: string): Promise<Loaded<Seen> | undefined> =>
  load<Seen>(state, seenKeyOf(region, content));

export const notificationWrite = (region: Region, record: NotificationRecord): StateWrite =>
  put(keyOf(region, record.id), 'absent', record, { expiresAtMs: record.receivedAtMs + KEEP_MS });

/** The mark of a content. It belongs into the transaction of the record, which then fails when somebody else has marked it. */
export const seenWrite = (
  region: Region,
  content: string,
  before: Loaded<Seen> | undefined,
  mark: Seen,
  nowMs: number,
): StateWrite =>
  put(seenKeyOf(region, content), before?.version ?? 'absent', mark, { expiresAtMs: nowMs + KEEP_SEEN_MS });

export async function loadNotification(
  state: StateReader,
  region: Region,
  by: number | string,
): Promise<NotificationRecord | undefined> {
  const id = typeof by === 'number' ? by : idIn(by);
  if (id === undefined || !Number.isSafeInteger(id) || id < 0) return undefined;
  const record = (await load<NotificationRecord>(state, keyOf(region, id)))?.value;
  return typeof by === 'number' || record?.uuid === by ? record : undefined;
}

function idIn(uuid: string): number | undefined {
  if (uuid[14] !== '7') return undefined;
  const unixMs = Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
  return (unixMs - EPOCH_MS) * IDS_PER_MS + Number.parseInt(uuid.slice(15, 18), 16);
}

/** The newest first, from behind this id on. */
export async function* listNotifications(
  state: StateReader,
  region: Region,
  beforeId: number = Number.MAX_SAFE_INTEGER,
  perPage = 50,
): AsyncGenerator<NotificationRecord> {
  const heads = await Promise.all(
    Array.from({ length: SHARDS }, async (_, shard) => {
      const records = inShard(state, partitionOf(region, shard), sortOf(beforeId), perPage);
      return { records, head: (await records.next()).value };
    }),
  );
  for (;;) {
    const next = heads.reduce((a, b) => ((b.head?.id ?? -1) > (a.head?.id ?? -1) ? b : a));
    if (next.head === undefined) return;
    yield next.head;
    next.head = (await next.records.next()).value;
  }
}

async function* inShard(
  state: StateReader,
  partition: string,
  behind: string,
  limit: number,
): AsyncGenerator<NotificationRecord, undefined> {
  for (let after: string | undefined = behind; after !== undefined; ) {
    const page: Page = await state.query(partition, { after, limit });
    for (const item of page.items) yield decode<NotificationRecord>(item);
    after = page.next;
  }
  return undefined;
}
