import type { OutsideRequest } from '../engine/log.ts';
import { isRunningEvacuation } from '../ports/nova-view.ts';
import { type Check, INTENT_GOOD_MS, KNOWN_WITHIN_MS, type Scene } from './check.ts';

/**
 * salvor switches a host on only where its policy says so, and never while its being off is needed: an incident of it is
 * open, or an evacuation from it or towards it is not over.
 */
export function powerOnOnlyWhenNobodyNeedsItOff({
  simulation,
  histories,
  incidents,
  switches,
  segmentsOf,
}: Scene): Check {
  const { world, states } = simulation;

  function judge({ host }: OutsideRequest, nowMs: number): string | undefined {
    const [segment] = segmentsOf(host);
    const { disabledSinceMs, unprotectedSinceMs } = histories.of(host);
    // All of it is read once more when the device is ready for the one request.
    const knownMs = nowMs - KNOWN_WITHIN_MS.instance;
    const longAgo = nowMs - KNOWN_WITHIN_MS.host - INTENT_GOOD_MS['power-on'];
    if (unprotectedSinceMs < longAgo) return `${host} is not protected`;
    if (segment !== undefined && (segment.hostReturn.powerOn !== 'after-evacuations' || segment.mode === 'shadow'))
      return `${host} is switched on against its policy`;
    if (disabledSinceMs < longAgo && world.hosts.get(host)?.disabledReason?.startsWith('salvor maintenance') !== true)
      return `${host} is disabled for maintenance`;
    if (states.incidentOf(host) !== 'none' && incidents.openedAtMs(host) < nowMs - KNOWN_WITHIN_MS.state)
      return `${host} is switched on while an incident of it is open`;
    if (switches.offSinceMs(segment?.name, nowMs) < nowMs - KNOWN_WITHIN_MS.state)
      return `${host} is switched on while salvor is disarmed`;
    const running = [...world.migrations.values()].find(
      (each) =>
        isRunningEvacuation(each) &&
        each.createdMs < knownMs &&
        (each.sourceHost === host || (each.destHost === host && states.incidentOf(each.sourceHost) === 'evacuating')),
    );
    return running && `${host} is switched on while evacuation ${running.id} of ${running.sourceHost} runs`;
  }

  return {
    id: 'S1',
    sentence: 'a host stays off as long as a proof of that may be needed',
    see: (happening) => {
      if (happening.kind === 'asked' && happening.request.act === 'power-on')
        return judge(happening.request, happening.atMs);
      if (happening.kind === 'arrived' && happening.request.act === 'power-on' && happening.did) {
        const { host } = happening.request;
        if (happening.outcome !== `on ${host}`)
          return `the device of ${host} switched another host: ${happening.outcome}`;
      }
      return undefined;
    },
  };
}
