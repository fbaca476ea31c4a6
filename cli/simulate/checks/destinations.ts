import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf } from './intents.ts';

/**
 * Where salvor sends instances by its own choice: evacuations, which are chosen beside a list of open incidents that lags,
 * and moves of single instances, whose intent is committed with the destination's item as it was read.
 */
export function destinationsAreFit({ simulation, histories, incidents, around }: Scene): Check {
  const { states } = simulation;
  /** By instance, the segment under which its own incident was opened. */
  const segments = new Map<string, string>();

  function whenSent(to: string | null, segmentName: string | undefined, suspectSinceMs: number, nowMs: number) {
    const destinations = around.segment(segmentName)?.destinations;
    if (to === null)
      return destinations?.method === 'reserved_host' || destinations?.otherwise === 'wait'
        ? 'it is left to the scheduler, and the policy would have it wait'
        : undefined;
    const status = states.incidentOf(to);
    if (status !== 'none' && incidents.openedAtMs(to) <= suspectSinceMs) return `${to} has an incident: ${status}`;
    const isOut = histories.of(to).outOfServiceSinceMs < nowMs - KNOWN_WITHIN_MS.host;
    return isOut ? `${to} is disabled or forced down` : undefined;
  }

  return {
    id: 'S6',
    sentence: 'no instance is sent to a host that is suspect, held or disabled, nor anywhere against the policy',
    see: (happening) => {
      const { atMs } = happening;
      for (const { type, stream, fact } of factsOf(happening)) {
        if (type === 'instance-incident-opened') segments.set(stream, String(fact.segment));
        if (type === 'granted') {
          const { destination } = fact.attempt as { readonly destination: string | null };
          const segment = incidents.segmentOf(incidents.hostOf(stream) ?? '');
          const broken = whenSent(destination, segment, atMs - KNOWN_WITHIN_MS.host, atMs);
          if (broken !== undefined) return `${stream}: ${broken}`;
        }
        if (type !== 'instance-request-intended') continue;
        const { destination } = fact.request as { readonly destination?: string | null };
        const broken = destination === undefined ? undefined : whenSent(destination, segments.get(stream), atMs, atMs);
        if (broken !== undefined) return `${stream}: ${broken}`;
      }
      return undefined;
    },
  };
}
