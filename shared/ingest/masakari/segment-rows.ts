import { inForce as inForceOf } from '#shared/domain/guards.ts';
import type { MadeSegment } from '#shared/domain/made-segments.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { Services } from '#shared/services.ts';
import { loadGuard } from '#shared/state/guards.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadMadeSegments } from '#shared/state/made-segments.ts';
import { notFound } from './faults.ts';
import { type Place, segmentNumber, segmentUuid } from './ids.ts';
import { inSeconds } from './times.ts';

/** By which lists of segments may be sorted: the columns of Masakari's table. */
export const SEGMENT_KEYS = [
  'id',
  'uuid',
  'name',
  'service_type',
  'enabled',
  'description',
  'recovery_method',
  'created_at',
  'updated_at',
  'deleted_at',
  'deleted',
];

export interface SegmentView extends Readonly<Record<string, unknown>> {
  readonly id: number;
  readonly uuid: string;
  readonly name: string;
  readonly enabled: boolean;
}

/** A segment as the API shows it, and where it is kept. */
export interface SegmentRow {
  /** By which salvor knows it. */
  readonly key: string;
  readonly view: SegmentView;
  /** The segment itself is switched off. */
  readonly disarmed: boolean;
  /** Null for one of the policy. */
  readonly made: Loaded<MadeSegment> | null;
}

/** Those of the policy, and those that were made through the API and not deleted. */
export async function segmentRows(services: Services): Promise<readonly SegmentRow[]> {
  const { policy, state, clock } = services;
  const [made, global] = await Promise.all([madeSegments(services), loadGuard(state, 'global')]);
  const nowMs = clock.now();
  const off = inForceOf(global.value, nowMs) !== undefined;
  const row = async (key: string, made: SegmentRow['made'], viewOf: (enabled: boolean) => SegmentView) => {
    const guard = await loadGuard(state, { segment: key });
    const disarmed = inForceOf(guard.value, nowMs) !== undefined;
    return { key, disarmed, made, view: viewOf(!off && !disarmed) };
  };
  return Promise.all([
    ...policy.segments.map((segment) => row(segment.name, null, (enabled) => ofPolicy(segment, policy.cloud, enabled))),
    ...made.map((each) => row(each.value.key, each, (enabled) => ofMade(each.value, enabled))),
  ]);
}

/** Those that are in force: none where the policy has no template for them any more. */
async function madeSegments({ policy, state }: Services): Promise<readonly Loaded<MadeSegment>[]> {
  if (policy.masakari?.segmentDefaults === undefined) return [];
  const { segments } = await loadMadeSegments(state, policy.cloud);
  return segments.filter(({ value }) => value.deletedAtMs === null);
}

/** @throws Fault 404 when there is none */
export async function findSegment(services: Services, uuid: string): Promise<SegmentRow> {
  const row = (await segmentRows(services)).find(({ view }) => view.uuid === uuid.toLowerCase());
  if (row === undefined) throw notFound(`No failover segment with id ${uuid}.`);
  return row;
}

/** @param enabled whether salvor is armed here and everywhere */
const ofPolicy = ({ name }: Segment, place: Place, enabled: boolean): SegmentView => ({
  id: segmentNumber(place, name),
  uuid: segmentUuid(place, name),
  name,
  service_type: 'COMPUTE',
  enabled,
  description: "Defined in salvor's policy.",
  recovery_method: 'auto',
  created_at: null,
  updated_at: null,
  deleted_at: null,
  deleted: false,
});

function ofMade(segment: MadeSegment, enabled: boolean): SegmentView {
  const { id, uuid, name, serviceType, description, recoveryMethod, createdAtMs, updatedAtMs } = segment;
  return {
    id,
    uuid,
    name,
    service_type: serviceType,
    enabled,
    description,
    recovery_method: recoveryMethod,
    created_at: inSeconds(createdAtMs),
    updated_at: updatedAtMs === null ? null : inSeconds(updatedAtMs),
    deleted_at: null,
    deleted: false,
  };
}
