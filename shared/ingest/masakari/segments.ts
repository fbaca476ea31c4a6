import type { MadeSegment } from '#shared/domain/made-segments.ts';
import type { Policy } from '#shared/domain/policy.ts';
import { name as policyName } from '#shared/domain/policy-values.ts';
import type { Services } from '#shared/services.ts';
import type { MadeSegments } from '#shared/state/made-segments.ts';
import { newNotificationId } from '#shared/state/notifications.ts';
import type { Action, Call, Reply } from './call.ts';
import { changeSegments, refuseInUse } from './change-segments.ts';
import { conflict, Fault } from './faults.ts';
import { segmentUuid } from './ids.ts';
import { listingOf, pageOf } from './paging.ts';
import { findSegment, SEGMENT_KEYS, type SegmentRow, segmentRows } from './segment-rows.ts';
import { createSegment, isTrue, updateSegment } from './segment-schemas.ts';
import { switchSegment } from './switch-segment.ts';

/** As many as a policy may have in all. */
const MAX_SEGMENTS = 200;

export const SEGMENT_ACTIONS: readonly Action[] = [
  { method: 'GET', path: '/segments', rule: 'segments:index', act: list },
  { method: 'POST', path: '/segments', rule: 'segments:create', schema: createSegment, act: create },
  { method: 'GET', path: '/segments/:segment', rule: 'segments:detail', act: show },
  { method: 'PUT', path: '/segments/:segment', rule: 'segments:update', schema: updateSegment, act: update },
  { method: 'DELETE', path: '/segments/:segment', rule: 'segments:delete', act: remove },
];

interface Sent {
  readonly segment: {
    readonly name?: string;
    readonly description?: string | null;
    readonly recovery_method?: string;
    readonly service_type?: string;
    readonly enabled?: boolean | string;
  };
}

async function list({ services, params }: Call): Promise<Reply> {
  const listing = listingOf(params, SEGMENT_KEYS);
  const enabled = params.get('enabled');
  const views = (await segmentRows(services))
    .map(({ view }) => view)
    .filter(
      (view) =>
        (enabled === null || view.enabled === isTrue(enabled)) &&
        ['recovery_method', 'service_type'].every((key) => !params.has(key) || params.get(key) === view[key]),
    );
  return { status: 200, body: { segments: pageOf(views, listing) } };
}

async function show({ services, id }: Call): Promise<Reply> {
  return shown(services, id('segment'), 200);
}

async function shown(services: Services, uuid: string, status: 200 | 201): Promise<Reply> {
  return { status, body: { segment: (await findSegment(services, uuid)).view } };
}

async function create(call: Call): Promise<Reply> {
  const { services, body } = call;
  const { policy, chance, clock } = services;
  if (policy.masakari?.segmentDefaults === undefined)
    throw new Fault(
      403,
      "Segments are defined in salvor's policy. For segments that are made here it needs masakari.segmentDefaults.",
    );
  const { name = '', description = null, recovery_method = '', service_type = '', enabled } = (body as Sent).segment;
  const segment = await changeSegments(call, async (all) => {
    refuseTaken(policy, all, name);
    if (policy.segments.length + all.segments.length >= MAX_SEGMENTS)
      throw new Fault(403, `There are ${MAX_SEGMENTS} segments, of the policy and made here: no more fit.`);
    const key = newKey(policy, all, name, chance.id());
    const nowMs = clock.now();
    const made: MadeSegment = {
      key,
      id: newNotificationId(nowMs, chance.id()).id,
      uuid: segmentUuid(policy.cloud, key),
      name,
      description,
      recoveryMethod: recovery_method,
      serviceType: service_type,
      hosts: [],
      createdAtMs: nowMs,
      updatedAtMs: null,
      deletedAtMs: null,
    };
    return { segment: made, version: 'absent', said: `segment "${name}" was made` };
  });
  if (enabled !== undefined && !isTrue(enabled)) await switchSegment(call, segment.key, false);
  return shown(services, segment.uuid, 201);
}

/** @throws Fault 409 */
function refuseTaken(policy: Policy, { segments }: MadeSegments, name: string, except?: string): void {
  const live = segments.filter(({ value }) => value.deletedAtMs === null && value.key !== except);
  if (policy.segments.some((each) => each.name === name) || live.some(({ value }) => value.name === name))
    throw conflict(`Failover segment with name ${name} already exists.`);
}

/** The segment's name where a policy could have it, and no other segment had it; else an id. */
function newKey(policy: Policy, { segments }: MadeSegments, name: string, id: string): string {
  const isTaken =
    policy.segments.some((each) => each.name === name) || segments.some(({ value }) => value.key === name);
  return policyName.safeParse(name).success && !isTaken ? name : id;
}

/** The switch first, which always works; then the rest. */
async function update(call: Call): Promise<Reply> {
  const { services, body, id } = call;
  const row = await findSegment(services, id('segment'));
  const { enabled, ...rest } = (body as Sent).segment;
  if (enabled !== undefined) await setEnabled(call, row, isTrue(enabled));
  const changed = Object.entries(rest).some(([key, value]) => row.view[key] !== value);
  if (changed) await change(call, row, rest);
  const { view } = await findSegment(services, row.view.uuid);
  // The command is in the queue for certain; whoever obeys it may be slow.
  return { status: 200, body: { segment: enabled === undefined ? view : { ...view, enabled: isTrue(enabled) } } };
}

/** Off is always asked for: it may be off for a while only, or about to be armed. */
async function setEnabled(call: Call, { key, view, disarmed }: SegmentRow, enabled: boolean): Promise<void> {
  if (!enabled || disarmed) await switchSegment(call, key, enabled);
  else if (!view.enabled) throw conflict('salvor is switched off as a whole: "salvor arm" switches it on again.');
}

async function change(call: Call, row: SegmentRow, sent: Sent['segment']): Promise<void> {
  const { services } = call;
  if (row.made === null)
    throw conflict(
      `Failover segment ${row.view.uuid} is segment ${row.key} of salvor's policy: change it there. Only enabled can be set here.`,
    );
  await refuseInUse(services, row.key, `Failover segment ${row.view.uuid} can't be updated`);
  await changeSegments(call, async (all) => {
    const made = all.segments.find(({ value }) => value.key === row.key) ?? row.made;
    if (made === null || made.value.deletedAtMs !== null) throw conflict('The segment was deleted meanwhile.');
    const { value, version } = made;
    const name = sent.name ?? value.name;
    refuseTaken(services.policy, all, name, row.key);
    const segment: MadeSegment = {
      ...value,
      name,
      description: sent.description === undefined ? value.description : sent.description,
      recoveryMethod: sent.recovery_method ?? value.recoveryMethod,
      serviceType: sent.service_type ?? value.serviceType,
      updatedAtMs: services.clock.now(),
    };
    return { segment, version, said: `${Object.keys(sent).join(', ')} of segment "${name}" were set` };
  });
}

async function remove(call: Call): Promise<Reply> {
  const { services, id } = call;
  const row = await findSegment(services, id('segment'));
  if (row.made === null)
    throw conflict(`Failover segment ${row.view.uuid} is segment ${row.key} of salvor's policy: remove it there.`);
  await refuseInUse(services, row.key, `Failover segment (${row.view.uuid}) can't be deleted`);
  await changeSegments(call, async (all) => {
    const made = all.segments.find(({ value }) => value.key === row.key) ?? row.made;
    if (made === null || made.value.deletedAtMs !== null) throw conflict('The segment was deleted meanwhile.');
    const segment: MadeSegment = { ...made.value, deletedAtMs: services.clock.now() };
    return { segment, version: made.version, said: `segment "${segment.name}" was deleted, with its hosts` };
  });
  return { status: 204 };
}
