import { notBelieved } from '#shared/domain/judge-report.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { JsonObject, StateWrite } from '#shared/ports.ts';
import {
  loadNotification,
  loadSeen,
  type NotificationRecord,
  newNotificationId,
  notificationWrite,
  type Seen,
  seenWrite,
} from '#shared/state/notifications.ts';
import { accept } from '../accept.ts';
import type { Action, Call, Refused, Reply } from './call.ts';
import { badRequest, conflict, Fault, notFound } from './faults.ts';
import { contentOf, hostEventOf } from './host-event.ts';
import { check } from './json-schema.ts';
import { knownHost } from './known-host.ts';
import { listed } from './notification-list.ts';
import { notificationView } from './notification-view.ts';
import { NOT_YET } from './outcome.ts';
import { outcomesOf } from './outcomes.ts';
import { progressOf } from './progress.ts';
import { createNotification, payloads } from './schemas.ts';
import { inMicros, parseTime } from './times.ts';

/** Masakari's `duplicate_notification_detection_interval`. */
const DUPLICATE_MICROS = 180_000_000n;
const MAX_RACES = 8;

export const NOTIFICATION_ACTIONS: readonly Action[] = [
  {
    method: 'POST',
    path: '/notifications',
    rule: 'notifications:create',
    schema: () => createNotification,
    act: create,
  },
  { method: 'GET', path: '/notifications', rule: 'notifications:index', act: listed },
  { method: 'GET', path: '/notifications/:notification', rule: 'notifications:detail', act: show },
];

export const REFUSED_ON_NOTIFICATIONS: readonly Refused[] = [
  { method: 'PUT', path: '/notifications/:notification', action: 'update' },
  { method: 'DELETE', path: '/notifications/:notification', action: 'delete' },
];

interface Sent {
  readonly notification: {
    readonly type: NotificationRecord['type'];
    readonly hostname: string;
    readonly generated_time: string;
    readonly payload: JsonObject;
  };
}

/**
 * The queue first, then the record: 202 is said only when the event can't be lost any more, and 409 only of one whose like
 * was in the queue. Whoever sends again what is in the queue already does no harm: it is told by the event's id.
 */
async function create({ services, reporter, body }: Call): Promise<Reply> {
  const { policy, state, clock } = services;
  const { type, hostname: host, generated_time, payload } = (body as Sent).notification;
  check(payloads[type], payload);
  const generatedTime = inMicros(parseTime(generated_time) ?? 0n);
  const named = await knownHost(services, host);
  if (named === undefined) throw badRequest(`Host with name ${host} could not be found.`);
  const said = { type, host, payload, generatedTime };
  const content = contentOf(said, reporter.name);
  const seen = await loadSeen(state, policy.cloud, content);
  if (isDuplicate(seen?.value, generatedTime)) throw duplicate(host, type);

  const { refused, tooMany } = await accept(services, reporter, [hostEventOf(said)]);
  if (tooMany) throw new Fault(429, `The reporter ${reporter.name} says too much: try again later.`);
  const [first] = refused;
  if (first !== undefined)
    throw new Fault(
      403,
      `The reporter ${reporter.name} is not believed: ${first.because} (salvor's policy, reporters).`,
    );

  const { key: hostKey, segment } = named;
  const record = await keep({ services, content, seen }, { ...said, hostKey, segment, receivedAtMs: clock.now() });
  return { status: 202, body: { notification: notificationView(record, policy.cloud, NOT_YET) } };
}

/** Whether the same was said that long before this, or after. */
function isDuplicate(seen: Seen | undefined, generatedTime: string): boolean {
  if (seen === undefined) return false;
  const apart = microsOf(generatedTime) - microsOf(seen.generatedTime);
  return apart <= DUPLICATE_MICROS && apart >= -DUPLICATE_MICROS;
}

const microsOf = (time: string): bigint => parseTime(time) ?? 0n;

const duplicate = (host: string, type: string): Fault =>
  conflict(`Notification received from host ${host} of type ${type} is duplicate.`);

type Keeping = Pick<Call, 'services'> & {
  readonly content: string;
  readonly seen: Awaited<ReturnType<typeof loadSeen>>;
};

async function keep(
  { services, content, ...read }: Keeping,
  said: Omit<NotificationRecord, 'id' | 'uuid'>,
): Promise<NotificationRecord> {
  const { state, chance, policy } = services;
  let { seen } = read;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const record = { ...newNotificationId(said.receivedAtMs, chance.id()), ...said };
    try {
      await state.transact([notificationWrite(policy.cloud, record), ...markWrites(services, content, seen, said)]);
      return record;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      // Somebody else said the same at the same moment, behind whom it was in the queue as well; or the id is taken.
      seen = await loadSeen(state, policy.cloud, content);
      if (isDuplicate(seen?.value, said.generatedTime)) throw duplicate(said.host, said.type);
    }
  }
  throw new RetryableError(`the notification of ${said.host} lost ${MAX_RACES} races`);
}

/** What is not believed for its time marks nothing: it must not make a duplicate of what will be. */
function markWrites(
  { policy }: Call['services'],
  content: string,
  seen: Keeping['seen'],
  { generatedTime, receivedAtMs }: Pick<NotificationRecord, 'generatedTime' | 'receivedAtMs'>,
): readonly StateWrite[] {
  const isNewer = seen === undefined || generatedTime > seen.value.generatedTime;
  if (!isNewer || notBelieved(Number(microsOf(generatedTime) / 1000n), receivedAtMs, policy) !== undefined) return [];
  return [seenWrite(policy.cloud, content, seen, { generatedTime }, receivedAtMs)];
}

async function show({ services, microversion, id }: Call): Promise<Reply> {
  const { state, policy } = services;
  const record = await loadNotification(state, policy.cloud, id('notification'));
  if (record === undefined) throw notFound(`No notification with id ${id('notification')}.`);
  const outcome = (await outcomesOf(services, [record]))(record);
  const view = notificationView(record, policy.cloud, outcome);
  const details = microversion < 1 ? {} : { recovery_workflow_details: await progressOf(services, outcome) };
  return { status: 200, body: { notification: { ...view, ...details } } };
}
