import type { AuditRecord } from '../audit.ts';
import type { InstanceFact } from '../instance-recovery/instance.ts';
import type { ProcessFact } from '../process-recovery/process.ts';
import { afterInstanceFact } from './of-instance.ts';
import { afterProcessFact, processesLast } from './of-processes.ts';
import { type Said, sayLater, sayOnce, type ToldSingle } from './told-single.ts';

type Opened = Extract<InstanceFact | ProcessFact, { readonly incidentId: string }>;
const isOpened = ({ type }: AuditRecord['fact']): boolean =>
  type === 'instance-incident-opened' || type === 'process-incident-opened';

/** What the list says of its newest incident. */
export interface ListedEnd {
  readonly id: string;
  readonly closedAtMs: number | null;
  readonly outcome: string | null;
  readonly because: string;
}

/**
 * What people are told of single instances, and of the processes of a host, from the records that are new, each at most once.
 * What came before the incident with which this is followed was told, or is no news.
 * @param restartAttempts of the policy: so often a process is started again
 * @param most so many notices, and no further record is read
 * @param listed where a record can't be read, the end may be none of those that can
 */
export function noticesOfSingle(
  told: ToldSingle,
  records: readonly AuditRecord[],
  look: { readonly nowMs: number; readonly restartAttempts: number; readonly most: number },
  listed?: ListedEnd,
): Said {
  const { nowMs, restartAttempts, most } = look;
  const start =
    told.seq > 0 ? 0 : records.findIndex(({ fact }) => isOpened(fact) && fact.incidentId === told.incidentId);
  let said: Said = { next: told, notices: [] };
  for (const { seq, atMs: saidMs, fact } of records.slice(Math.max(0, start))) {
    if (said.notices.length >= most) return said;
    const atMs = Number.isFinite(saidMs) ? saidMs : nowMs;
    said = afterRecord(said, fact, { seq, atMs, restartAttempts });
    said = { ...said, next: { ...said.next, seq } };
  }
  if (listed !== undefined) said = endedByList(said, listed, restartAttempts);
  if (said.next.of === 'process') said = processesLast(said, nowMs);
  return sayLater(said, nowMs);
}

export interface At {
  readonly seq: number;
  readonly atMs: number;
  readonly restartAttempts: number;
}

function afterRecord(said: Said, fact: AuditRecord['fact'], at: At): Said {
  try {
    if (fact.type === 'unreadable') return blind(said, at);
    if (isOpened(fact)) return { ...said, next: reopened(said.next, fact as unknown as Opened) };
    return said.next.of === 'instance'
      ? afterInstanceFact(said, fact as unknown as InstanceFact, at)
      : afterProcessFact(said, fact as unknown as ProcessFact, at);
  } catch {
    return blind(said, at);
  }
}

const reopened = (told: ToldSingle, { incidentId, host, segment, atMs }: Opened): ToldSingle => ({
  ...told,
  incidentId,
  host,
  segment,
  openedAtMs: atMs,
  closedAtMs: null,
  said: [],
  wellSinceMs: null,
  attempt: 0,
  failures: 0,
});

const BLIND = 'unreadable';
export const isBlind = ({ said }: ToldSingle): boolean => said.includes(BLIND);

/** A record that is not what we write keeps back none behind it. */
const blind = (said: Said, { seq, atMs }: At): Said =>
  sayOnce(
    said,
    BLIND,
    {
      kind: 'needs-a-person',
      severity: 'critical',
      state: 'open',
      title: `${nameOf(said.next)}: a record can not be read`,
      body: `Record ${seq}: what it says is not told. Look yourself: salvor ${said.next.of === 'instance' ? 'instances' : 'processes'}.`,
    },
    { seq, atMs },
  );

export const nameOf = ({ of, key, host }: ToldSingle): string =>
  of === 'instance' ? `instance ${key}` : `processes of ${host}`;

function endedByList(said: Said, { id, closedAtMs, outcome, because }: ListedEnd, restartAttempts: number): Said {
  const { next } = said;
  if (next.closedAtMs !== null || id !== next.incidentId || closedAtMs === null) return said;
  const type = next.of === 'instance' ? 'instance-incident-closed' : 'process-incident-closed';
  return afterRecord(
    said,
    { type, outcome, because, host: next.host, atMs: closedAtMs },
    {
      seq: next.seq,
      atMs: closedAtMs,
      restartAttempts,
    },
  );
}
