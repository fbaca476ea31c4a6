import type { DatedHappening, OutsideRequest } from '../engine/log.ts';
import { type Check, KNOWN_WITHIN_MS, REQUEST_WITHIN_MS, type Scene } from './check.ts';
import { factsOf, instanceOf } from './intents.ts';

/** Reporters' clocks may differ by this much from the one by which a device was asked. */
const SKEW_MS = 10_000;
const IS_OF_AN_EVACUATION: ReadonlySet<OutsideRequest['act']> = new Set(['reset-state', 'evacuate']);

/**
 * No evacuation without a proof: a reading of the host's own device, young enough, and nothing newer against it. Judged
 * when the intent is committed, and again, with room for what lies between, when the request leaves.
 */
export function proofBeforeEvacuation({ simulation, histories, incidents, switches, reports }: Scene): Check {
  /** When the host's own device was asked and told off, and when salvor put a reading of on on record. */
  const offAskedAtMs = new Map<string, number>();
  const onRecordedAtMs = new Map<string, number>();
  const told = new Map<number, string>();
  /** By instance: when its last intent was committed, and when the reset behind that was answered. */
  const intendedAtMs = new Map<string, number>();
  const resetAtMs = new Map<string, number>();

  /** @param knownMs when salvor looked last: what came since it need not know; the proof's age counts at any moment */
  function judge(host: string, nowMs: number, knownMs: number): string | undefined {
    const askedAtMs = offAskedAtMs.get(host);
    const segment = simulation.policy.segments.find(({ name }) => name === incidents.segmentOf(host));
    if (askedAtMs === undefined) return `${host} was never read as off`;
    if (askedAtMs < incidents.openedAtMs(host)) return `${host} was read as off before its incident opened`;
    const maxAgeMs = 1000 * (segment?.fencing.proofMaxAgeSeconds ?? 0);
    if (nowMs - askedAtMs > maxAgeMs) return `${host} was read as off ${Math.round((nowMs - askedAtMs) / 1000)} s ago`;
    const onAtMs = onRecordedAtMs.get(host) ?? 0;
    if (onAtMs > askedAtMs && onAtMs < knownMs) return `${host} was read as on since it was read as off`;
    if (histories.of(host).notForcedDownSinceMs < knownMs - KNOWN_WITHIN_MS.grant) return `${host} is not forced down`;
    const seen = reports.newest(host, 'up');
    if (seen !== undefined && seen.seenAtMs > askedAtMs + SKEW_MS && seen.acknowledgedAtMs < knownMs)
      return `${host} was reported up since it was read as off`;
    if (switches.offSinceMs(segment?.name, nowMs) < knownMs) return `${host} is to be left alone: salvor is disarmed`;
    return undefined;
  }

  /** A request rests on what was known when its intent was committed, and leaves at once, or behind its reset. */
  function judgeRequest({ host, instanceId = '' }: OutsideRequest, nowMs: number): string | undefined {
    const intentMs = intendedAtMs.get(instanceId) ?? 0;
    if (nowMs - Math.max(intentMs, resetAtMs.get(instanceId) ?? 0) > REQUEST_WITHIN_MS)
      return `${instanceId} is asked for long after its intent was committed`;
    return judge(host, nowMs, intentMs - KNOWN_WITHIN_MS.state);
  }

  function follow(happening: DatedHappening): void {
    if (happening.kind === 'answered' && happening.request.act === 'reset-state')
      resetAtMs.set(happening.request.instanceId ?? '', happening.atMs);
    if (happening.kind === 'arrived' && happening.request.act === 'read-power')
      told.set(happening.request.id, happening.outcome);
    if (happening.kind === 'answered' && happening.request.act === 'read-power') {
      const { id, host, sentAtMs } = happening.request;
      // Two may be under way: the answer that comes last is not always that of the question that was put last.
      if (told.get(id) === `off ${host}`) offAskedAtMs.set(host, Math.max(sentAtMs, offAskedAtMs.get(host) ?? 0));
      told.delete(id);
    }
    for (const { type, stream, fact } of factsOf(happening))
      if (type === 'power-read' && fact.power === 'on')
        onRecordedAtMs.set(incidents.hostOf(stream) ?? '', happening.atMs);
  }

  return {
    id: 'S1',
    sentence: 'no evacuate request leaves without a valid fence proof of this incident, and with the host forced down',
    see: (happening) => {
      follow(happening);
      // An instance that was deleted between salvor's last look and its request is on no host: nothing is evacuated.
      if (happening.kind === 'asked' && IS_OF_AN_EVACUATION.has(happening.request.act) && happening.request.host !== '')
        return judgeRequest(happening.request, happening.atMs);
      for (const { type, stream } of factsOf(happening)) {
        const host = incidents.hostOf(stream) ?? '';
        if (type === 'granted' && histories.of(host).notForcedDownSinceMs < happening.atMs - KNOWN_WITHIN_MS.host)
          return `${instanceOf(stream)}: ${host} is not forced down`;
        if (type !== 'evacuate-intended') continue;
        intendedAtMs.set(instanceOf(stream), happening.atMs);
        const broken = judge(host, happening.atMs, happening.atMs - KNOWN_WITHIN_MS.state);
        if (broken !== undefined) return `${instanceOf(stream)}: ${broken}`;
      }
      return undefined;
    },
  };
}
