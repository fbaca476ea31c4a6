import type { Services } from '#shared/services.ts';
import { listNotifications, loadNotification, type NotificationRecord } from '#shared/state/notifications.ts';
import type { Call, Reply } from './call.ts';
import { badRequest } from './faults.ts';
import { hostUuid } from './ids.ts';
import { NOTIFICATION_KEYS, type NotificationView, notificationView } from './notification-view.ts';
import { outcomesOf } from './outcomes.ts';
import { type Listing, listingOf, markerNotFound, pageOf } from './paging.ts';
import { type Micros, parseTime } from './times.ts';

/** A list looks at so many records at most, from its marker on: each costs a reading. */
const MAX_RECORDS = 10_000;
/** Records whose outcomes are read together. */
const AT_ONCE = 500;

interface Filters {
  readonly status: string | null;
  readonly type: string | null;
  readonly sourceHost: string | null;
  readonly since: Micros | undefined;
}

/** `GET notifications`: the newest first as they lie in the state; in any other order by all that are kept, in memory. */
export async function listed({ services, params }: Call): Promise<Reply> {
  const listing = listingOf(params, NOTIFICATION_KEYS);
  const filters = filtersOf(params);
  const isNewestFirst = listing.order.every(
    ({ key, descending }) => descending && (key === 'created_at' || key === 'id'),
  );
  const notifications = isNewestFirst
    ? await newestFirst(services, filters, listing)
    : pageOf(await matching(services, filters, undefined, MAX_RECORDS), listing);
  return { status: 200, body: { notifications } };
}

function filtersOf(params: URLSearchParams): Filters {
  const text = params.get('generated-since');
  const since = text === null ? undefined : parseTime(text);
  if (text !== null && since === undefined) throw badRequest('Invalid generated-since value');
  return { status: params.get('status'), type: params.get('type'), sourceHost: params.get('source_host_uuid'), since };
}

async function newestFirst(
  services: Services,
  filters: Filters,
  { limit, marker }: Listing,
): Promise<readonly NotificationView[]> {
  if (limit === 0) return [];
  if (marker === undefined) return matching(services, filters, undefined, limit);
  const id = /^\d{1,16}$/.test(marker) ? Number(marker) : Number.NaN;
  if ((await loadNotification(services.state, services.policy.cloud, id)) === undefined) throw markerNotFound(marker);
  return matching(services, filters, id, limit);
}

async function matching(
  services: Services,
  filters: Filters,
  beforeId: number | undefined,
  limit: number,
): Promise<NotificationView[]> {
  const { state, policy } = services;
  const found: NotificationView[] = [];
  let looked = 0;
  let batch: NotificationRecord[] = [];
  const take = async (): Promise<void> => {
    const outcomes = await outcomesOf(services, batch);
    for (const record of batch) {
      const view = notificationView(record, policy.cloud, outcomes(record));
      if (filters.status === null || view.status === filters.status) found.push(view);
    }
    batch = [];
  };
  for await (const record of listNotifications(state, policy.cloud, beforeId, pageSize(limit))) {
    looked += 1;
    if (fits(services, record, filters)) batch.push(record);
    if (batch.length >= Math.min(AT_ONCE, limit - found.length)) await take();
    if (found.length >= limit || looked >= MAX_RECORDS) break;
  }
  await take();
  return found.slice(0, limit);
}

/** Of each of the shards that are read side by side. */
const pageSize = (limit: number): number => Math.max(10, Math.min(200, Math.ceil(limit / 8)));

function fits({ policy }: Services, record: NotificationRecord, { type, sourceHost, since }: Filters): boolean {
  if (type !== null && record.type !== type) return false;
  if (sourceHost !== null && hostUuid(policy.cloud, record.host) !== sourceHost) return false;
  return since === undefined || (parseTime(record.generatedTime) ?? 0n) >= since;
}
