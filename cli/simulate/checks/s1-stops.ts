import { type Check, INTENT_GOOD_MS, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf, instanceOf } from './intents.ts';

/** What lifts the stop of an incident: a person who has looked, or its end. */
const LIFTED_BY: ReadonlySet<string> = new Set(['released', 'dismissed', 'incident-closed']);

/** What is asked for under the segment that holds the host now; the rest is under that of its incident, wherever it is by now. */
const UNDER_NO_INCIDENT: ReadonlySet<string> = new Set(['power-on', 'force-up', 'enable', 'live-migrate']);
/** What is asked for a single instance: its host lives, and may never have had an incident. */
const OF_INSTANCES: ReadonlySet<string> = new Set(['reboot', 'instance-reset', 'migrate', 'confirm-resize']);

/** The functions that wake reserved hosts: for an incident, and under its segment. */
const WAKERS: ReadonlySet<string> = new Set(['plan-evacuation', 'follow-evacuations']);

/** A device that contradicts its host stops the whole segment: what else it says may be wrong as well. */
export function stoppedSegmentsRest({ incidents, segmentsOf, returns }: Scene): Check {
  /** By the stream of the incident that stopped it. */
  const stops = new Map<string, { readonly segment: string; readonly sinceMs: number }>();
  /** The failed host of each instance that is restarted from a snapshot: it is asked for on another one by then. */
  const restoredFrom = new Map<string, string>();
  /** The failed host for which each reserved host was woken last: it may be of another segment. */
  const wokenFor = new Map<string, string>();
  return {
    id: 'S1',
    sentence:
      'a contradiction stops its segment: nothing is changed outside for any host of it until a person has looked',
    see: (happening) => {
      for (const { type, stream, fact } of factsOf(happening)) {
        const segment = incidents.segmentOf(incidents.hostOf(stream) ?? '');
        if (type === 'stopped' && segment !== undefined) stops.set(stream, { segment, sinceMs: happening.atMs });
        if (LIFTED_BY.has(type)) stops.delete(stream);
        if (type === 'restore-intended') restoredFrom.set(instanceOf(stream), incidents.hostOf(stream) ?? '');
        if (type === 'reserved-host-intended') wokenFor.set(String(fact.host), incidents.hostOf(stream) ?? '');
      }
      // To disable a host that a person has in hand keeps everybody's hands off it.
      if (happening.kind !== 'asked' || ['read-power', 'disable'].includes(happening.request.act)) return undefined;
      const { act, instanceId = '' } = happening.request;
      const isRestored = act === 'rebuild' || act === 'start-restored';
      const isWoken = act === 'enable' && WAKERS.has(returns.askerOf(happening.request) ?? '');
      const asked = happening.request.host;
      const failed = isRestored ? restoredFrom.get(instanceId) : isWoken ? wokenFor.get(asked) : undefined;
      const host = failed ?? asked;
      const isSwitch = act === 'power-off' || act === 'power-on';
      const knownMs = happening.atMs - (isSwitch ? KNOWN_WITHIN_MS.state : INTENT_GOOD_MS[act as 'evacuate']);
      const now = segmentsOf(host).map(({ name }) => name);
      const segment = incidents.segmentOf(host);
      if (UNDER_NO_INCIDENT.has(act) && !isWoken && !now.some((name) => name === segment)) return undefined;
      const under = OF_INSTANCES.has(act) ? now : [segment];
      const stop = [...stops.values()].find((each) => under.includes(each.segment) && each.sinceMs < knownMs);
      return stop && `${act} of ${asked}, and its segment ${stop.segment} is stopped`;
    },
  };
}
