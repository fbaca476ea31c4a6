import type { NotificationRecord } from '#shared/state/notifications.ts';

/** What became of a notification, as far as an incident tells. Told anew at each reading, never stored. */
export interface Outcome {
  readonly status: 'new' | 'running' | 'finished' | 'ignored' | 'error' | 'failed';
  readonly message: string | null;
  readonly updatedAtMs: number | null;
  /** The incident that it is a part of. */
  readonly incident: ItsIncident | null;
}

/** An incident of a host, of an instance, or of the processes of a host. */
export interface ItsIncident {
  readonly id: string;
  readonly stream: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
}

export const NOT_YET: Outcome = { status: 'new', message: null, updatedAtMs: null, incident: null };
export const ignored = (message: string): Outcome => ({ ...NOT_YET, status: 'ignored', message });

/** So long a report may lie in the queue before an incident shows. */
const HEARD_MS = 120_000;
/** A later incident is of another failure: `events.maxAgeSeconds` ends what a report says, by default after as long. */
const MAX_AGE_MS = 900_000;
/** The longest `evacuation.deadlineSeconds`, and a day in which the host was held before. */
const LONGEST_INCIDENT_MS = 8 * 86_400_000;

/** Of those that were opened since, one may be an incident of these reports. */
export const firstOpenedMs = (records: readonly NotificationRecord[]): number =>
  Math.min(...records.map(({ receivedAtMs }) => receivedAtMs)) - LONGEST_INCIDENT_MS;

/** The first that had not ended when the report came, and that was not opened long after it. */
export const incidentOf = <E extends Pick<ItsIncident, 'openedAtMs' | 'closedAtMs'>>(
  { receivedAtMs }: NotificationRecord,
  incidents: readonly E[] | undefined,
): E | undefined =>
  incidents?.find(
    ({ openedAtMs, closedAtMs }) =>
      (closedAtMs ?? Number.POSITIVE_INFINITY) >= receivedAtMs && openedAtMs <= receivedAtMs + MAX_AGE_MS,
  );

/** No incident shows of it. */
export const unheard = ({ receivedAtMs, segment, host }: NotificationRecord, nowMs: number): Outcome => {
  if (nowMs < receivedAtMs + HEARD_MS) return NOT_YET;
  const because = segment === null ? 'no segment held the host' : 'it opened no incident';
  return ignored(`Recorded as evidence, ${because}: "salvor audit ${host}" says more.`);
};
