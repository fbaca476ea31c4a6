import type { Disarmed } from '#shared/domain/guards.ts';
import type { JsonObject, StateWrite } from '#shared/ports.ts';
import { hostItemKey } from '#shared/state/hosts.ts';
import { hostOf, withHost } from './cloud.ts';
import type { Draft } from './draft.ts';
import { incidentIn, type StoredIncident } from './normal.ts';
import type { Setting } from './replay.ts';
import type { Item } from './state.ts';
import { T0 } from './values.ts';

const INTENT = /-intended$/;

/** What a transaction must hold, beside what it is for. */
export function checkCommit(
  draft: Draft,
  writes: readonly StateWrite[],
  before: ReadonlyMap<StateWrite, Item | undefined>,
  setting: Setting,
): void {
  const appended = new Map<string, number>();
  for (const write of writes) {
    if (write.kind !== 'append') continue;
    appended.set(write.partition, (appended.get(write.partition) ?? 0) + 1);
  }
  for (const write of writes) {
    if (write.kind !== 'put') continue;
    const was = before.get(write);
    if (write.partition.startsWith('host#')) checkHost(draft, write.body, was, appended);
    if (write.partition.startsWith('tasks#')) checkTask(draft, write, was, appended);
    if (write.partition.startsWith('guard#')) checkGuard(draft, write.partition, write.body, setting);
  }
  noteIntents(draft, writes);
}

function noteIntents(draft: Draft, writes: readonly StateWrite[]): void {
  const host = writes.find((write) => write.partition.startsWith('host#'));
  const name = host?.kind === 'put' ? String(host.body.name) : '';
  for (const write of writes) {
    const { type, power } = factIn(write);
    // Whoever goes on by an older reading of off finds that the host has changed.
    if (type === 'power-read' && power === 'on') draft.cloud = withHost(draft.cloud, name, { readOffAtMs: null });
    if (!INTENT.test(type)) continue;
    const action = type.replace(INTENT, '');
    const what = write.partition.startsWith('task#') ? write.partition.split('#').at(-1) : name;
    checkArmed(draft, action);
    checkReadOff(draft, action, name || hostOfTask(draft, writes));
    draft.cloud = {
      ...draft.cloud,
      asked: { ...draft.cloud.asked, [`${action} ${what}`]: 1 + (draft.cloud.asked[`${action} ${what}`] ?? 0) },
    };
  }
}

export function isDisarmed(guard: JsonObject | undefined): boolean {
  const disarmed = (guard?.disarmed ?? null) as Disarmed | null;
  return disarmed !== null && (disarmed.untilMs === null || disarmed.untilMs > T0);
}

interface Fact {
  readonly type: string;
  readonly power?: string;
}

const factIn = (write: StateWrite): Fact =>
  write.kind === 'append' ? (write.body.fact as unknown as Fact) : { type: '' };

function hostOfTask(draft: Draft, writes: readonly StateWrite[]): string {
  const task = writes.find((write) => write.partition.startsWith('tasks#'));
  const hostKey = task?.kind === 'put' ? String(task.body.hostKey) : '';
  return String(draft.item(hostItemKey(hostKey))?.body.name);
}

/**
 * Nobody can hold off who switches the host on behind the last reading; but a reading of on counts from its commit. The
 * intent of an evacuation is not bound to its host's item, as a thousand would queue for it: its request is judged.
 */
function checkReadOff(draft: Draft, action: string, host: string): void {
  if (action === 'power-off' || action.startsWith('evacuate') || hostOf(draft.cloud, host).readOffAtMs !== null) return;
  draft.breach(
    'proof',
    `the intent of a ${action} is committed for ${host}, which was not read as off since it was on`,
  );
}

/** The last moment at which a switch can hold an action is the commit of its intent. */
function checkArmed(draft: Draft, action: string): void {
  // A thousand evacuations must not queue for one item: theirs is the last moment at which it was read.
  if (action.startsWith('evacuate')) return;
  for (const { partition, body } of draft.all()) {
    if (partition.startsWith('guard#') && isDisarmed(body))
      draft.breach('disarmed', `the intent of a ${action} is committed behind a disarm of ${partition}`);
  }
}

const seqOf = (value: unknown): number => Number((value as { audit?: { seq: number } } | null | undefined)?.audit?.seq);

function checkHost(draft: Draft, body: JsonObject, was: Item | undefined, appended: ReadonlyMap<string, number>): void {
  const [from, to] = [incidentIn(was), incidentIn({ body })];
  const name = String(body.name);
  const reports = appended.get(`host#${body.key}`) ?? 0;
  if (seqOf(body) !== (was === undefined ? 0 : seqOf(was.body)) + reports)
    draft.breach('audit', `the stream of ${name} does not go on by the ${reports} records that were written`);
  const streamOf = (incident: StoredIncident | null): number => appended.get(`incident#${incident?.id}`) ?? 0;
  if (to !== null && seqOf(to) !== (from?.id === to.id ? seqOf(from) : 0) + streamOf(to))
    draft.breach('audit', `the stream of the incident of ${name} does not go on by the records that were written`);
  if (from !== null && from.id !== to?.id && streamOf(from) === 0)
    draft.breach('audit', `the incident of ${name} ends without a record`);
  if (to !== null && from?.status !== to.status && streamOf(to) === 0)
    draft.breach('audit', `${name} goes from ${from?.status ?? 'none'} to ${to.status} without a record`);
  if (from !== null && from.id !== to?.id) checkEnd(draft, name, from, body);
  if (to !== null && to.id !== from?.id && from !== null)
    draft.breach('one-incident', `${name} has its next incident before the last one ended`);
  checkEntries(draft, name, to);
}

function checkEntries(draft: Draft, name: string, open: StoredIncident | null): void {
  const entries = [...draft.all()].filter(({ partition, body }) => partition === 'incidents' && body.host === name);
  const unclosed = entries.filter(({ body }) => body.closedAtMs === null).map(({ sort }) => sort);
  if (unclosed.join() !== (open?.id ?? ''))
    draft.breach(
      'one-incident',
      `${name} has ${unclosed.length} incidents on the list, and ${open?.id ?? 'none'} open`,
    );
}

function checkEnd(draft: Draft, name: string, from: StoredIncident, body: JsonObject): void {
  const last = body.lastIncident as { readonly outcome: string } | null;
  if (last?.outcome !== 'recovered' && last?.outcome !== 'partly-recovered') return;
  for (const [id, instance] of Object.entries(draft.cloud.instances)) {
    const task = draft.item({ partition: `tasks#${from.id}`, sort: id })?.body;
    const progress = task?.progress as { readonly status: string; readonly outcome?: string } | undefined;
    if (instance.host === name && progress?.status !== 'ended')
      draft.breach(
        'ending',
        `the incident of ${name} closes while ${id} on it is ${progress?.status ?? 'without a task'}`,
      );
    if (progress?.outcome === 'recovered' && instance.host === name)
      draft.breach('ending', `${id} is told to be recovered, but is on ${instance.host}`);
  }
}

function checkTask(
  draft: Draft,
  { body, partition }: { readonly body: JsonObject; readonly partition: string },
  was: Item | undefined,
  appended: ReadonlyMap<string, number>,
): void {
  const records = appended.get(`task${partition.slice('tasks'.length)}#${body.instanceId}`) ?? 0;
  if (records === 0) draft.breach('audit', `the task of ${body.instanceId} changes without a record`);
  if (seqOf(body) !== (was === undefined ? 0 : seqOf(was.body)) + records)
    draft.breach('audit', `the stream of the task of ${body.instanceId} does not go on by the records written`);
}

function checkGuard(draft: Draft, partition: string, body: JsonObject, { policy }: Setting): void {
  const name = partition.replace(/^guard#(segment#)?/, '');
  const limits = name === 'global' ? policy.global.storm : policy.segments.find((each) => each.name === name)?.storm;
  if (limits === undefined) return;
  const tickets = (body.tickets ?? []) as readonly { readonly hostKey: string; readonly atMs: number }[];
  const hosts = new Set(
    tickets.filter(({ atMs }) => atMs + limits.windowSeconds * 1000 > T0).map((each) => each.hostKey),
  );
  if (hosts.size > limits.maxHosts) draft.breach('storm', `${hosts.size} hosts have a ticket of ${name}`);
}
