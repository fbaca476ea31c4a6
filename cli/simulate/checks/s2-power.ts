import { type Check, INTENT_GOOD_MS, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf } from './intents.ts';

/** No power action on a host that must not have one, by what has been true for long enough to be known. */
export function powerOffOnlyTheDead({
  simulation,
  histories,
  incidents,
  switches,
  releases,
  reports,
  segmentsOf,
}: Scene): Check {
  /** Hosts for which tasks were written in the open incident: S1 asks salvor to keep them off until those have ended. */
  const keptOff = new Set<string>();
  const seenDownAtMs = new Map<string, number>();

  /** @param sinceNovaMs how long ago Nova was asked at most; what is in the store is read in the last moment */
  function judge(host: string, nowMs: number, sinceNovaMs: number): string | undefined {
    const { upSinceMs, disabledSinceMs, unprotectedSinceMs } = histories.of(host);
    const longAgo = nowMs - KNOWN_WITHIN_MS.host - sinceNovaMs;
    const slackMs = KNOWN_WITHIN_MS.state;
    const segment = segmentsOf(host)[0];
    if (segment?.mode === 'shadow') return `${host} is in a segment in shadow mode`;
    if (switches.offSinceMs(segment?.name, nowMs) < nowMs - slackMs)
      return `${host} is to be left alone: salvor is disarmed`;
    if (keptOff.has(host)) return undefined;
    if (unprotectedSinceMs < longAgo) return `${host} is not protected`;
    if (disabledSinceMs < longAgo) return `${host} is disabled for maintenance`;
    const lied = (seenDownAtMs.get(host) ?? 0) > longAgo;
    const released = releases.covers(incidents.idOf(host), 'nova-sees-it-down', nowMs, sinceNovaMs);
    if (segment?.requireNovaDown && upSinceMs < longAgo && !lied && !released)
      return `${host} has been up for ${Math.round((nowMs - upSinceMs) / 1000)} s`;
    const up = reports.newest(host, 'up');
    const saidUp = (up?.seenAtMs ?? 0) > (reports.newest(host, 'down')?.seenAtMs ?? 0);
    if (saidUp && upSinceMs < longAgo && (up?.acknowledgedAtMs ?? 0) < nowMs - slackMs)
      return `${host} is up, and was reported up`;
    return undefined;
  }

  return {
    id: 'S2',
    sentence: 'no power action on a host in maintenance, not protected, or up again, nor by another host’s device',
    see: (happening) => {
      if (happening.kind === 'struck' && happening.strike.kind === 'service-seen-down')
        seenDownAtMs.set(happening.strike.host, happening.atMs);
      if (happening.kind === 'committed')
        for (const name of simulation.world.hosts.keys())
          if (simulation.states.incidentOf(name) === 'none') keptOff.delete(name);
          else if (simulation.states.tasksOf(name).size > 0) keptOff.add(name);
      if (happening.kind === 'asked' && happening.request.act === 'power-off')
        return judge(happening.request.host, happening.atMs, INTENT_GOOD_MS['power-off']);
      if (happening.kind === 'arrived' && happening.request.act === 'power-off' && happening.did) {
        const { host } = happening.request;
        if (happening.outcome !== `off ${host}`)
          return `the device of ${host} switched another host: ${happening.outcome}`;
      }
      for (const { type, stream } of factsOf(happening))
        if (type === 'power-off-intended')
          return judge(incidents.hostOf(stream) ?? '', happening.atMs, KNOWN_WITHIN_MS.state);
      return undefined;
    },
  };
}
