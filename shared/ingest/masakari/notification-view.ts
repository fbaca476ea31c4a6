import type { NotificationRecord } from '#shared/state/notifications.ts';
import { hostUuid, type Place, segmentUuid } from './ids.ts';
import type { Outcome } from './outcome.ts';
import { inSeconds } from './times.ts';

/** By which lists of notifications may be sorted: the columns of Masakari's table. */
export const NOTIFICATION_KEYS = [
  'id',
  'notification_uuid',
  'generated_time',
  'source_host_uuid',
  'type',
  'payload',
  'status',
  'failover_segment_uuid',
  'message',
  'created_at',
  'updated_at',
  'deleted_at',
  'deleted',
];

export interface NotificationView extends Readonly<Record<string, unknown>> {
  readonly id: number;
}

export function notificationView(record: NotificationRecord, place: Place, outcome: Outcome): NotificationView {
  const { id, uuid, generatedTime, host, type, payload, segment, receivedAtMs } = record;
  return {
    id,
    notification_uuid: uuid,
    generated_time: generatedTime,
    source_host_uuid: hostUuid(place, host),
    type,
    payload,
    status: outcome.status,
    failover_segment_uuid: segment === null ? null : segmentUuid(place, segment),
    message: outcome.message,
    created_at: inSeconds(receivedAtMs),
    updated_at: outcome.updatedAtMs === null ? null : inSeconds(outcome.updatedAtMs),
    deleted_at: null,
    deleted: false,
  };
}
