import type { DumpSeen, Incident } from './host.ts';
import { notBelieved } from './judge-report.ts';
import type { Policy } from './policy.ts';
import type { ReceivedEvent } from './reports.ts';

/** Hosts whose crashed kernel writes its memory to disk: their power-off waits, see the gate `kernel-dump`. */

/** While it goes on it is written down this often. */
const AGAIN_AFTER_MS = 5_000;

export const isDump = ({ event }: ReceivedEvent): boolean => event.type === 'host.dumping';

/** Whether there is a power-off that could wait. */
export const isUndecided = (incident: Incident | null): boolean =>
  incident !== null && ['suspected', 'held', 'fencing'].includes(incident.status);

/** The newest word among these events that the host writes a dump; none when it is no news, or nothing waits for it. */
export function dumpsSeen(
  incident: Incident | null,
  events: readonly ReceivedEvent[],
  policy: Policy,
  nowMs: number,
): readonly DumpSeen[] {
  const believed = events.filter(
    (received) => isDump(received) && notBelieved(Date.parse(received.event.time), nowMs, policy) === undefined,
  );
  const [newest] = believed.sort((a, b) => b.receivedAtMs - a.receivedAtMs);
  if (newest === undefined || !isUndecided(incident)) return [];
  const { event, reporter, receivedAtMs } = newest;
  if (receivedAtMs < (incident?.dumping?.lastMs ?? Number.NEGATIVE_INFINITY) + AGAIN_AFTER_MS) return [];
  const through = event.source === reporter ? {} : { source: event.source };
  const occurredAtMs = Date.parse(event.time);
  return [
    { type: 'dump-seen', reporter, ...through, eventId: event.id, eventType: event.type, occurredAtMs, receivedAtMs },
  ];
}
