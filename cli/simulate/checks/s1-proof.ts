import type { FenceProof } from '#shared/domain/host.ts';
import type { DatedHappening, OutsideRequest } from '../engine/log.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf, instanceOf } from './intents.ts';

/** Reporters' clocks may differ by this much from the one by which a device was asked. */
const SKEW_MS = 10_000;
/** What was seen of the instance and of Nova when the attempt was granted is this young when a request leaves. */
const GRANT_MAX_AGE_MS = 30_000;
const IS_OF_AN_EVACUATION: ReadonlySet<OutsideRequest['act']> = new Set(['reset-state', 'evacuate']);

/**
 * No evacuation without a proof: a reading of the host's own device, young enough, and nothing newer against it. Judged
 * when the intent is committed, and again, with room for what lies between, when the request leaves.
 */
export function proofBeforeEvacuation({ simulation, histories, incidents, switches, reports }: Scene): Check {
  /** When the host's own device was asked and told off, and when salvor put a reading of on on record. */
  const offAskedAtMs = new Map<string, number>();
  const onRecordedAtMs = new Map<string, number>();
  /** When a person said that it is off. */
  const confirmedAtMs = new Map<string, number>();
  const told = new Map<number, string>();
  /** By instance: when its last attempt was granted, and when the intent of it was committed. */
  const grantedAtMs = new Map<string, number>();
  const intendedAtMs = new Map<string, number>();
  const intendedOn = new Map<string, string>();

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

  /** A request rests on what was known when its intent was committed, and leaves as long as that is young. */
  function judgeRequest({ host, instanceId = '' }: OutsideRequest, nowMs: number): string | undefined {
    const intentMs = intendedAtMs.get(instanceId) ?? 0;
    // Somebody else has brought it to a host that lives, since salvor looked: Nova evacuates nothing from there.
    const current = simulation.world.hosts.get(host);
    if (host !== intendedOn.get(instanceId) && current !== undefined && simulation.world.serviceIsUp(current))
      return undefined;
    const grantAgeMs = nowMs - (grantedAtMs.get(instanceId) ?? 0);
    if (grantAgeMs > GRANT_MAX_AGE_MS)
      return `${instanceId} is asked for ${Math.round(grantAgeMs / 1000)} s after it was looked at`;
    return judge(host, nowMs, intentMs - KNOWN_WITHIN_MS.state);
  }

  function follow(happening: DatedHappening): void {
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
    for (const { type, stream, fact } of factsOf(happening)) {
      const host = incidents.hostOf(stream) ?? '';
      if (type === 'off-confirmed' && fact.complete === true) confirmedAtMs.set(host, happening.atMs);
      // People have said that it is off, and no device says otherwise: as good as a reading, from when the devices were asked.
      const proof = type === 'proof-made' ? (fact.proof as unknown as FenceProof) : undefined;
      if (proof?.kind === 'operator-confirmation' && confirmedAtMs.has(host)) offAskedAtMs.set(host, proof.readAtMs);
    }
  }

  return {
    id: 'S1',
    sentence: 'no evacuate request leaves without a valid fence proof of this incident, and with the host forced down',
    see: (happening) => {
      follow(happening);
      // An instance that was deleted between salvor's last look and its request is on no host: nothing is evacuated.
      if (happening.kind === 'asked' && IS_OF_AN_EVACUATION.has(happening.request.act) && happening.request.host !== '')
        return judgeRequest(happening.request, happening.atMs);
      for (const { type, stream, fact } of factsOf(happening)) {
        const host = incidents.hostOf(stream) ?? '';
        if (type === 'granted')
          grantedAtMs.set(instanceOf(stream), (fact.attempt as { readonly grantedAtMs: number }).grantedAtMs);
        if (type === 'granted' && histories.of(host).notForcedDownSinceMs < happening.atMs - KNOWN_WITHIN_MS.host)
          return `${instanceOf(stream)}: ${host} is not forced down`;
        if (type !== 'evacuate-intended') continue;
        intendedAtMs.set(instanceOf(stream), happening.atMs);
        intendedOn.set(instanceOf(stream), host);
        const broken = judge(host, happening.atMs, happening.atMs - KNOWN_WITHIN_MS.state);
        if (broken !== undefined) return `${instanceOf(stream)}: ${broken}`;
      }
      return undefined;
    },
  };
}
