import type { MadeHost, MadeSegment } from '#shared/domain/made-segments.ts';
import { forgetMirror } from '#shared/shell/known-hosts.ts';
import { heldByWrites } from '#shared/state/inventory.ts';
import type { MadeSegments } from '#shared/state/made-segments.ts';
import { newNotificationId } from '#shared/state/notifications.ts';
import type { Action, Call, Reply } from './call.ts';
import { type Change, changeSegments, refuseInUse } from './change-segments.ts';
import { badRequest, conflict, Fault, notFound } from './faults.ts';
import { HOST_KEYS, type HostView, hostViews } from './host-rows.ts';
import { hostUuid } from './ids.ts';
import { knownHost } from './known-host.ts';
import { listingOf, pageOf } from './paging.ts';
import { findSegment, type SegmentRow } from './segment-rows.ts';
import { createHost, isTrue, updateHost } from './segment-schemas.ts';

/** An item holds 400 KB. */
const MAX_HOSTS = 500;
const SEGMENT = '/segments/:segment/hosts';

export const HOST_ACTIONS: readonly Action[] = [
  { method: 'GET', path: SEGMENT, rule: 'os-hosts:index', act: list },
  { method: 'POST', path: SEGMENT, rule: 'os-hosts:create', schema: () => createHost, act: create },
  { method: 'GET', path: `${SEGMENT}/:host`, rule: 'os-hosts:detail', act: show },
  { method: 'PUT', path: `${SEGMENT}/:host`, rule: 'os-hosts:update', schema: () => updateHost, act: update },
  { method: 'DELETE', path: `${SEGMENT}/:host`, rule: 'os-hosts:delete', act: remove },
];

interface Sent {
  readonly host: {
    readonly name?: string;
    readonly type?: string | null;
    readonly control_attributes?: string | null;
    readonly reserved?: boolean | string;
    readonly on_maintenance?: boolean | string;
  };
}

async function list({ services, params, id }: Call): Promise<Reply> {
  const listing = listingOf(params, HOST_KEYS);
  const asked = (['on_maintenance', 'reserved'] as const).map((key) => [key, flagIn(params, key)] as const);
  const views = (await hostViews(services, await findSegment(services, id('segment')))).filter(
    (view) =>
      (!params.has('type') || params.get('type') === view.type) &&
      asked.every(([key, value]) => value === undefined || view[key] === value),
  );
  return { status: 200, body: { hosts: pageOf(views, listing) } };
}

/** As `bool_from_string` of oslo.utils, strict. */
function flagIn(params: URLSearchParams, key: string): boolean | undefined {
  const text = params.get(key);
  if (text === null) return undefined;
  const word = text.trim().toLowerCase();
  if (['1', 't', 'true', 'on', 'y', 'yes'].includes(word)) return true;
  if (['0', 'f', 'false', 'off', 'n', 'no'].includes(word)) return false;
  const words = "'0', '1', 'f', 'false', 'n', 'no', 'off', 'on', 't', 'true', 'y', 'yes'";
  throw badRequest(`Invalid value for ${key}: Unrecognized value '${text}', acceptable values are: ${words}`);
}

async function show(call: Call): Promise<Reply> {
  return shown(call, call.id('host'), 200);
}

async function shown({ services, id }: Call, uuid: string, status: 200 | 201): Promise<Reply> {
  const row = await findSegment(services, id('segment'));
  return { status, body: { host: await findHost(services, row, uuid) } };
}

/** @throws Fault 404 when the segment has none */
async function findHost(services: Call['services'], row: SegmentRow, uuid: string): Promise<HostView> {
  const view = (await hostViews(services, row)).find((each) => each.uuid === uuid.toLowerCase());
  if (view === undefined)
    throw notFound(`Host '${uuid}' under failover_segment '${row.view.uuid}' could not be found.`);
  return view;
}

async function create(call: Call): Promise<Reply> {
  const { services, body, id } = call;
  const { policy, chance, clock } = services;
  const row = await findSegment(services, id('segment'));
  const { name = '', type = null, control_attributes = null, reserved, on_maintenance } = (body as Sent).host;
  if (row.made === null) throw ofPolicy(row, `host ${name} is added`);
  await refuseUnfit(call, name);
  const uuid = hostUuid(policy.cloud, name);
  await changeHosts(call, row.key, (all, segment) => {
    refuseTaken(all, name);
    if (segment.hosts.length >= MAX_HOSTS) throw new Fault(403, `A segment has ${MAX_HOSTS} hosts at most.`);
    const nowMs = clock.now();
    const host: MadeHost = {
      id: newNotificationId(nowMs, chance.id()).id,
      uuid,
      name,
      type,
      controlAttributes: control_attributes,
      reserved: isTrue(reserved),
      onMaintenance: isTrue(on_maintenance),
      createdAtMs: nowMs,
      updatedAtMs: null,
    };
    return { hosts: [...segment.hosts, host], about: name, said: `host ${name} was added` };
  });
  return shown(call, uuid, 201);
}

/** @throws Fault 400 when Nova has no such host, 409 when a segment of the policy holds it */
async function refuseUnfit({ services }: Call, name: string): Promise<void> {
  const named = await knownHost(services, name);
  if (named === undefined) throw badRequest(`Compute service with name ${name} could not be found.`);
  if (services.policy.segments.some((segment) => segment.name === named.segment)) throw taken(name);
}

/** @throws Fault 409: names are unique over all segments */
function refuseTaken({ segments }: MadeSegments, name: string): void {
  const live = segments.filter(({ value }) => value.deletedAtMs === null);
  if (live.some(({ value }) => value.hosts.some((host) => host.name === name))) throw taken(name);
}

const taken = (name: string): Fault => conflict(`Host with name ${name} already exists.`);
const ofPolicy = ({ view, key }: SegmentRow, what: string): Fault =>
  conflict(`Failover segment ${view.uuid} is segment ${key} of salvor's policy: ${what} there.`);

/** To take a host into maintenance always works; all else only while no incident of the segment is open. */
async function update(call: Call): Promise<Reply> {
  const { services, body, id } = call;
  const row = await findSegment(services, id('segment'));
  const before = await findHost(services, row, id('host'));
  const sent = (body as Sent).host;
  const { reserved, on_maintenance, ...words } = sent;
  const wanted = {
    ...words,
    ...(reserved === undefined ? {} : { reserved: isTrue(reserved) }),
    ...(on_maintenance === undefined ? {} : { on_maintenance: isTrue(on_maintenance) }),
  };
  const changed = Object.entries(wanted).filter(([key, value]) => before[key] !== value);
  if (changed.length > 0) {
    if (row.made === null)
      throw ofPolicy(row, `host ${before.name} is changed (for maintenance, disable its compute service in Nova)`);
    const isOnlyMaintenance = changed.every(([key, value]) => key === 'on_maintenance' && value === true);
    if (!isOnlyMaintenance) await refuseInUse(services, row.key, `Host ${before.uuid} can't be updated`);
    if (wanted.name !== undefined && wanted.name !== before.name) await refuseUnfit(call, wanted.name);
    await changeHosts(call, row.key, (all, segment) => {
      const name = wanted.name ?? before.name;
      if (name !== before.name) refuseTaken(all, name);
      const hosts = segment.hosts.map((host): MadeHost => {
        if (host.uuid !== before.uuid) return host;
        return {
          ...host,
          name,
          type: wanted.type === undefined ? host.type : wanted.type,
          controlAttributes:
            wanted.control_attributes === undefined ? host.controlAttributes : wanted.control_attributes,
          reserved: wanted.reserved ?? host.reserved,
          onMaintenance: wanted.on_maintenance ?? host.onMaintenance,
          updatedAtMs: services.clock.now(),
        };
      });
      const set = changed.map(([key, value]) => `${key}=${String(value)}`).join(', ');
      return { hosts, about: name, said: `host ${before.name}: ${set}` };
    });
  }
  return shown(call, before.uuid, 200);
}

async function remove(call: Call): Promise<Reply> {
  const { services, id } = call;
  const row = await findSegment(services, id('segment'));
  const { uuid, name } = await findHost(services, row, id('host'));
  if (row.made === null) throw ofPolicy(row, `host ${name} is removed`);
  await refuseInUse(services, row.key, `Host ${uuid} can't be deleted`);
  await changeHosts(call, row.key, (_, segment) => ({
    hosts: segment.hosts.filter((host) => host.uuid !== uuid),
    about: name,
    said: `host ${name} was removed`,
  }));
  return { status: 204 };
}

interface HostsChange {
  readonly hosts: readonly MadeHost[];
  /** The host whose place in the mirror is written at once. */
  readonly about: string;
  readonly said: string;
}

async function changeHosts(
  call: Call,
  key: string,
  decide: (all: MadeSegments, segment: MadeSegment) => HostsChange,
): Promise<void> {
  const { state, policy } = call.services;
  await changeSegments(call, async (all): Promise<Change> => {
    const made = all.segments.find(({ value }) => value.key === key);
    if (made === undefined || made.value.deletedAtMs !== null) throw conflict('The segment was deleted meanwhile.');
    const { hosts, about, said } = decide(all, made.value);
    const isHeld = hosts.some(({ name, onMaintenance }) => name === about && !onMaintenance);
    const writes = await heldByWrites(state, policy.cloud, about, isHeld ? key : null);
    return { segment: { ...made.value, hosts }, version: made.version, said, writes };
  });
  forgetMirror(call.services);
}
