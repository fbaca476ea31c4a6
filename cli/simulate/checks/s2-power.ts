import { type Check, FRESH_MS, type Scene } from './check.ts';

/** No power action on a host that must not have one, by what has been true for long enough to be known. */
export function powerOffOnlyTheDead({ simulation, histories, segmentsOf }: Scene): Check {
  /** Hosts of which an instance was asked to leave in the open incident: they are kept off. */
  const evacuated = new Set<string>();
  const seenDownAtMs = new Map<string, number>();

  function judge(host: string, nowMs: number): string | undefined {
    const { upSinceMs, disabledSinceMs, unprotectedSinceMs } = histories.of(host);
    const longAgo = nowMs - FRESH_MS;
    const segment = segmentsOf(host)[0];
    if (segment?.mode === 'shadow') return `${host} is in a segment in shadow mode`;
    if (evacuated.has(host)) return undefined;
    if (unprotectedSinceMs < longAgo) return `${host} is not protected`;
    if (disabledSinceMs < longAgo) return `${host} is disabled for maintenance`;
    const lied = (seenDownAtMs.get(host) ?? 0) > longAgo;
    if (segment?.requireNovaDown && upSinceMs < longAgo && !lied)
      return `${host} has been up for ${Math.round((nowMs - upSinceMs) / 1000)} s`;
    return undefined;
  }

  return {
    id: 'S2',
    sentence: 'no power action on a host in maintenance, not protected, or up again, nor by another host’s device',
    see: (happening) => {
      if (happening.kind === 'struck' && happening.strike.kind === 'service-seen-down')
        seenDownAtMs.set(happening.strike.host, happening.atMs);
      for (const host of evacuated) if (simulation.states.incidentOf(host) === 'none') evacuated.delete(host);
      if (happening.kind === 'asked' && happening.request.act === 'evacuate') evacuated.add(happening.request.host);
      if (happening.kind === 'asked' && happening.request.act === 'power-off')
        return judge(happening.request.host, happening.atMs);
      if (happening.kind === 'arrived' && happening.request.act === 'power-off' && happening.did) {
        const { host } = happening.request;
        if (happening.outcome !== `off ${host}`)
          return `the device of ${host} switched another host: ${happening.outcome}`;
      }
      return undefined;
    },
  };
}
