import { type AuditRecord, streamOfTask } from '#shared/domain/audit.ts';
import type { TaskState } from '#shared/domain/task.ts';
import { loadNotification, type NotificationRecord } from '#shared/state/notifications.ts';
import { readKept } from '#shared/state/read-audit.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import type { Action, Call, Refused, Reply } from './call.ts';
import { badRequest, notFound } from './faults.ts';
import { derivedNumber, derivedUuid } from './ids.ts';
import { outcomesOf } from './outcomes.ts';
import { listingOf, pageOf } from './paging.ts';
import { inMicros, inSeconds } from './times.ts';

const VMOVES = '/notifications/:notification/vmoves';

export const VMOVE_ACTIONS: readonly Action[] = [
  { method: 'GET', path: VMOVES, rule: 'vmoves:index', act: list },
  { method: 'GET', path: `${VMOVES}/:vmove`, rule: 'vmoves:detail', act: show },
];

export const REFUSED_ON_VMOVES: readonly Refused[] = [
  { method: 'POST', path: VMOVES, action: 'create' },
  { method: 'PUT', path: `${VMOVES}/:vmove`, action: 'update' },
  { method: 'DELETE', path: `${VMOVES}/:vmove`, action: 'delete' },
];

/** By which lists of vmoves may be sorted: the columns of Masakari's table. */
const VMOVE_KEYS = [
  'id',
  'uuid',
  'notification_uuid',
  'instance_uuid',
  'instance_name',
  'source_host',
  'dest_host',
  'start_time',
  'end_time',
  'type',
  'status',
  'message',
  'created_at',
  'updated_at',
  'deleted_at',
  'deleted',
];

/** Streams that are read side by side. */
const AT_ONCE = 25;

interface VMoveView extends Readonly<Record<string, unknown>> {
  readonly id: number;
  readonly uuid: string;
  readonly type: string;
  readonly status: string;
}

async function list(call: Call): Promise<Reply> {
  const { params } = call;
  const listing = listingOf(params, VMOVE_KEYS);
  const vmoves = (await vmovesOf(call)).filter((view) =>
    (['status', 'type'] as const).every((key) => !params.has(key) || params.get(key) === view[key]),
  );
  return { status: 200, body: { vmoves: pageOf(vmoves, listing) } };
}

async function show(call: Call): Promise<Reply> {
  const uuid = call.id('vmove');
  const vmove = (await vmovesOf(call)).find((view) => view.uuid === uuid.toLowerCase());
  if (vmove === undefined) throw notFound(`No vm move with id ${uuid}.`);
  return { status: 200, body: { vmove } };
}

/** The evacuation tasks of the incident that the notification is a part of. */
async function vmovesOf({ services, id }: Call): Promise<readonly VMoveView[]> {
  const { state, policy } = services;
  const uuid = id('notification');
  const record = await loadNotification(state, policy.cloud, uuid);
  if (record === undefined) throw notFound(`No notification with id ${uuid}.`);
  if (record.type !== 'COMPUTE_HOST') throw badRequest(`This notification ${uuid} without vm moves.`);
  const { incident } = (await outcomesOf(services, [record]))(record);
  if (incident === null) return [];
  const left = [...(await loadTasks(state, incident.id))];
  const views: VMoveView[] = [];
  const readOn = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const { value } = next;
      const kept = await readKept(state, streamOfTask(value.incidentId, value.instanceId));
      views.push(
        viewOf(
          record,
          value,
          kept.map((each) => each.record),
        ),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, readOn));
  return views;
}

/** Its times are those of its audit: the first grant, and the end. */
function viewOf(record: NotificationRecord, task: TaskState, records: readonly AuditRecord[]): VMoveView {
  const { progress, instanceId, name } = task;
  const startedAtMs = records.find(({ fact }) => fact.type === 'granted')?.atMs;
  const createdAtMs = records[0]?.atMs ?? record.receivedAtMs;
  const updatedAtMs = records.length > 1 ? records.at(-1)?.atMs : undefined;
  const destination = 'attempt' in progress ? progress.attempt.destination : destinationOf(progress);
  return {
    id: derivedNumber('vmove', record.uuid, instanceId),
    uuid: derivedUuid('vmove', record.uuid, instanceId),
    notification_uuid: record.uuid,
    instance_uuid: instanceId,
    instance_name: name,
    source_host: record.host,
    dest_host: destination,
    start_time: timeOf(startedAtMs),
    end_time: progress.status === 'ended' ? timeOf(progress.atMs) : null,
    type: 'evacuation',
    status: statusOf(progress),
    message: messageOf(progress),
    created_at: inSeconds(createdAtMs),
    updated_at: updatedAtMs === undefined ? null : inSeconds(updatedAtMs),
    deleted_at: null,
    deleted: false,
  };
}

const destinationOf = (progress: TaskState['progress']): string | null =>
  progress.status === 'ended' ? progress.destination : null;

const timeOf = (unixMs: number | undefined): string | null =>
  unixMs === undefined ? null : inMicros(BigInt(Math.round(unixMs)) * 1000n);

function statusOf(progress: TaskState['progress']): 'pending' | 'ongoing' | 'succeeded' | 'failed' | 'ignored' {
  if (progress.status === 'waiting') return 'pending';
  if (progress.status !== 'ended') return 'ongoing';
  switch (progress.outcome) {
    case 'recovered':
    case 'restarted-from-snapshot':
      return 'succeeded';
    case 'not-recoverable':
    case 'person':
      return 'failed';
    default:
      return 'ignored';
  }
}

/** Why it is as it is; of what went well there is nothing to say. */
function messageOf(progress: TaskState['progress']): string | null {
  if (progress.status === 'waiting') return progress.because;
  if (progress.status === 'unknown') return progress.error;
  return progress.status === 'ended' && progress.outcome !== 'recovered' ? progress.because : null;
}
