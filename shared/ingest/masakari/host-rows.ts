import type { MadeHost } from '#shared/domain/made-segments.ts';
import type { Services } from '#shared/services.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { hostNumber, hostUuid, type Place } from './ids.ts';
import type { SegmentRow, SegmentView } from './segment-rows.ts';
import { inSeconds } from './times.ts';

/** By which lists of hosts may be sorted: the columns of Masakari's table. */
export const HOST_KEYS = [
  'id',
  'uuid',
  'name',
  'reserved',
  'type',
  'control_attributes',
  'on_maintenance',
  'failover_segment_id',
  'created_at',
  'updated_at',
  'deleted_at',
  'deleted',
];

export interface HostView extends Readonly<Record<string, unknown>> {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly type: string | null;
  readonly reserved: boolean;
  readonly on_maintenance: boolean;
}

/** Of a segment of the policy those that Nova shows in it, as they were mirrored; of another those that were added. */
export async function hostViews({ state, policy }: Services, { key, view, made }: SegmentRow): Promise<HostView[]> {
  if (made !== null) return made.value.hosts.map((host) => viewOf(host, view));
  const { name, region } = policy.cloud;
  return (await loadInventory(state, name, region))
    .filter(({ value }) => value.segment === key)
    .map(({ value }) => ofPolicy(value.host, policy.cloud, view));
}

const viewOf = (host: MadeHost, segment: SegmentView): HostView => ({
  id: host.id,
  uuid: host.uuid,
  name: host.name,
  failover_segment_id: segment.uuid,
  failover_segment: segment,
  type: host.type,
  reserved: host.reserved,
  control_attributes: host.controlAttributes,
  on_maintenance: host.onMaintenance,
  created_at: inSeconds(host.createdAtMs),
  updated_at: host.updatedAtMs === null ? null : inSeconds(host.updatedAtMs),
  deleted_at: null,
  deleted: false,
});

const ofPolicy = (name: string, place: Place, segment: SegmentView): HostView => ({
  id: hostNumber(place, name),
  uuid: hostUuid(place, name),
  name,
  failover_segment_id: segment.uuid,
  failover_segment: segment,
  type: 'COMPUTE',
  reserved: false,
  control_attributes: '',
  on_maintenance: false,
  created_at: null,
  updated_at: null,
  deleted_at: null,
  deleted: false,
});
