import { type AuditRecord, streamOfIncident } from '#shared/domain/audit.ts';
import { isTooOld } from '#shared/domain/notify/channel-state.ts';
import { type Follows, notToldYet, type ToldIncident } from '#shared/domain/notify/told-incident.ts';
import type { Notify } from '#shared/domain/policy-notify.ts';
import type { StateReader } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { type IncidentEntry, readEntry, readIncidents } from '#shared/state/hosts.ts';
import type { Loaded, Unreadable } from '#shared/state/items.ts';
import { type Cursor, FOLLOWED, type Followed, loadFollowed } from '#shared/state/notices.ts';
import { readBehind } from '#shared/state/read-audit.ts';
import { OVERLAP_MS } from './telling.ts';

export type Following = readonly [id: string, told: Loaded<ToldIncident>];

export interface Found {
  /** Followed already, those that have ended too. */
  readonly known: ReadonlyMap<string, Followed>;
  /** To be read: known or new. */
  readonly open: readonly Following[];
  /** Of the list: what can't be read, until it can. */
  readonly unreadable: readonly Unreadable[];
}

/**
 * Which incidents are to be read. One of which the list, or what was told of it, can't be read keeps back no other; it is
 * followed by what its own stream says, from the beginning where need be: what was told is told again, with the same ids.
 */
export async function incidentsToFollow(services: Services, notify: Notify, cursor: Cursor): Promise<Found> {
  const { state, log } = services;
  const { sinceMs } = cursor;
  const { known, lost } = await loadFollowed(state);
  const listed = await readIncidents(state, sinceMs === null ? 0 : sinceMs - OVERLAP_MS);
  const again = await lookAgain(state, cursor, listed);
  const unreadable = [...again.unreadable, ...listed.unreadable];
  const fresh = [...again.values, ...listed.values].filter(
    ({ id, closedAtMs }) => !known.has(id) && !lost.has(id) && (sinceMs !== null || closedAtMs === null),
  );
  const open: Following[] = [...known].filter(([, { value }]) => !value.closed);
  for (const entry of notTooOld(services, notify, fresh)) open.push([entry.id, anew(entry)]);
  const opened = (id: string) => openedBy(services, id, notify, sinceMs === null);
  for (const { sort: id } of unreadable) {
    if (known.has(id) || lost.has(id)) continue;
    const follows = await opened(id);
    if (follows !== undefined) open.push([id, anew(follows)]);
  }
  for (const [id, version] of lost) {
    const follows = (await readEntry(state, id)).values[0] ?? (await opened(id));
    if (follows !== undefined) open.push([id, { ...anew(follows), version }]);
    const because = 'how far it was told can not be read';
    if (follows === undefined) unreadable.push({ item: FOLLOWED, sort: id, because });
    else log.error('an incident is told anew', { fact: 'notice-unreadable', incidentId: id, because });
  }
  return { known, open, unreadable };
}

const anew = (follows: Follows): Loaded<ToldIncident> => ({ value: notToldYet(follows), version: 'absent' });

/** At those that could not be read, wherever the list begins by now: what somebody has put back is told from its beginning. */
async function lookAgain(
  state: StateReader,
  { unreadable: noted = [] }: Cursor,
  listed: Awaited<ReturnType<typeof readEntry>>,
): ReturnType<typeof readEntry> {
  const isListed = new Set([...listed.values.map(({ id }) => id), ...listed.unreadable.map(({ sort }) => sort)]);
  const others = noted.filter(({ item, sort }) => item === 'incidents' && !isListed.has(sort));
  const again = await Promise.all(others.map(({ sort }) => readEntry(state, sort)));
  return { values: again.flatMap(({ values }) => values), unreadable: again.flatMap(({ unreadable }) => unreadable) };
}

/** What the first record of its stream says of it; nothing where that can't be read either, or its end is no news. */
async function openedBy(
  { state, clock }: Services,
  id: string,
  { giveUpSeconds }: Notify,
  isFirstLook: boolean,
): Promise<Follows | undefined> {
  const records = await readBehind(state, streamOfIncident(id), 0);
  const ended = records.find(({ fact }) => fact.type === 'incident-closed');
  if (ended !== undefined && (isFirstLook || isTooOld(ended.atMs, giveUpSeconds, clock.now()))) return undefined;
  return records[0] && followsOf(records[0]);
}

function followsOf({ fact }: AuditRecord): Follows | undefined {
  const { type, host, hostKey, segment, atMs } = fact;
  if (type !== 'incident-opened' || typeof atMs !== 'number') return undefined;
  if (typeof host !== 'string' || typeof hostKey !== 'string' || typeof segment !== 'string') return undefined;
  return { host, hostKey, segment, openedAtMs: atMs };
}

/** Nobody has looked for that long: `notify` was out of the policy, or salvor was off. */
function notTooOld(
  { clock, log }: Services,
  { giveUpSeconds }: Notify,
  fresh: readonly IncidentEntry[],
): readonly IncidentEntry[] {
  const { old = [], news = [] } = Object.groupBy(fresh, ({ closedAtMs }) =>
    closedAtMs !== null && isTooOld(closedAtMs, giveUpSeconds, clock.now()) ? 'old' : 'news',
  );
  if (old.length > 0)
    log.warn('incidents that have ended long ago are not told any more', { count: old.length, first: old[0]?.id });
  return news;
}
