import type { FenceProof } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { DatedHappening, OutsideRequest } from '../engine/log.ts';
import { type Check, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf, instanceOf } from './intents.ts';
import { Leases } from './leases.ts';
import { Readings } from './readings.ts';

/** Reporters' clocks may differ by this much from the one by which a device was asked. */
const SKEW_MS = 10_000;
/** What was seen of the instance and of Nova when the attempt was granted is this young when a request leaves. */
const GRANT_MAX_AGE_MS = 30_000;
const IS_OF_AN_EVACUATION: ReadonlySet<OutsideRequest['act']> = new Set(['reset-state', 'evacuate']);

/**
 * No evacuation without a proof: a reading of the host's own devices, the end of its watchdog's last lease, or the word of
 * enough people; young enough, and nothing newer against it. Each proof is judged as it is made, by what devices, hosts and
 * people have really said; each evacuation when its intent is committed, and again, with room for what lies between, when
 * the request leaves: then no guest may run where the instance is said to be dead.
 */
export function proofBeforeEvacuation(scene: Scene): Check {
  const { simulation, histories, incidents, switches, reports, truth, people } = scene;
  const readings = new Readings(simulation.policy);
  const leases = new Leases();
  /** When the devices were asked of the last proof of each host, and when salvor put a reading of on on record. */
  const provenAtMs = new Map<string, number>();
  const onRecordedAtMs = new Map<string, number>();
  /** Incidents in which a proof rests on the end of a lease, by their host. */
  const provenByTime = new Map<string, string>();
  /** By instance: when its last attempt was granted, and when the intent of it was committed. */
  const grantedAtMs = new Map<string, number>();
  const intendedAtMs = new Map<string, number>();
  const intendedOn = new Map<string, string>();

  const segmentOf = (host: string): Segment | undefined =>
    simulation.policy.segments.find(({ name }) => name === incidents.segmentOf(host));

  /** When the host was seen up last, as far as salvor surely knows. */
  function knownUpAtMs(host: string, nowMs: number): number {
    const seen = reports.newest(host, 'up');
    return seen !== undefined && seen.acknowledgedAtMs < nowMs - KNOWN_WITHIN_MS.state ? seen.seenAtMs : 0;
  }

  /** Why this is no proof that the host is off. */
  function whyNot(host: string, { kind, readAtMs }: FenceProof, nowMs: number): string | undefined {
    const { watchdog, confirmOff } = segmentOf(host)?.fencing ?? {};
    if (kind === 'power-off-read-back')
      return readings.sayOff(host, readAtMs) ? undefined : 'its devices did not say off together when they were asked';
    if (readings.sayOn(host, readAtMs)) return 'a device of it said on';
    const upAtMs = knownUpAtMs(host, nowMs) - SKEW_MS;
    if (kind === 'watchdog') {
      if (watchdog === undefined) return 'its policy takes no watchdog for a proof';
      const why = leases.whyNotReset(host, watchdog.resetSeconds, nowMs);
      if (why !== undefined) return why;
      provenByTime.set(host, incidents.idOf(host) ?? '');
    } else {
      const { people: asked = 0, maxAgeSeconds = 0 } = confirmOff ?? {};
      const seenOnAtMs = Math.max(upAtMs, onRecordedAtMs.get(host) ?? 0);
      const said = [...people.whoSayOff(host, maxAgeSeconds, seenOnAtMs, nowMs)];
      if (asked === 0 || said.length < asked)
        return `${said.join(' and ') || 'nobody'} has said that it is off, and ${asked} must`;
    }
    const guests = truth.guestsOn(host);
    return guests === 0 ? undefined : `${guests} of its guests run`;
  }

  /** @param knownMs when salvor looked last: what came since it need not know; the proof's age counts at any moment */
  function judge(host: string, nowMs: number, knownMs: number): string | undefined {
    const askedAtMs = provenAtMs.get(host);
    const segment = segmentOf(host);
    if (askedAtMs === undefined) return `${host} was never proven off`;
    if (askedAtMs < incidents.openedAtMs(host)) return `${host} was proven off before its incident opened`;
    const maxAgeMs = 1000 * (segment?.fencing.proofMaxAgeSeconds ?? 0);
    if (nowMs - askedAtMs > maxAgeMs)
      return `${host} was proven off by what was asked ${Math.round((nowMs - askedAtMs) / 1000)} s ago`;
    const onAtMs = onRecordedAtMs.get(host) ?? 0;
    if (onAtMs > askedAtMs && onAtMs < knownMs) return `${host} was read as on since it was proven off`;
    if (histories.of(host).notForcedDownSinceMs < knownMs - KNOWN_WITHIN_MS.grant) return `${host} is not forced down`;
    const seen = reports.newest(host, 'up');
    if (seen !== undefined && seen.seenAtMs > askedAtMs + SKEW_MS && seen.acknowledgedAtMs < knownMs)
      return `${host} was reported up since it was proven off`;
    if (switches.offSinceMs(segment?.name, nowMs) < knownMs) return `${host} is to be left alone: salvor is disarmed`;
    return undefined;
  }

  /** A request rests on what was known when its intent was committed, and leaves as long as that is young. */
  function judgeRequest({ host, instanceId = '', act }: OutsideRequest, nowMs: number): string | undefined {
    const intentMs = intendedAtMs.get(instanceId) ?? 0;
    // Somebody else has brought it to a host that lives, since salvor looked: Nova evacuates nothing from there.
    const current = simulation.world.hosts.get(host);
    if (host !== intendedOn.get(instanceId) && current !== undefined && simulation.world.serviceIsUp(current))
      return undefined;
    const grantAgeMs = nowMs - (grantedAtMs.get(instanceId) ?? 0);
    if (grantAgeMs > GRANT_MAX_AGE_MS)
      return `${instanceId} is asked for ${Math.round(grantAgeMs / 1000)} s after it was looked at`;
    const guests = act === 'evacuate' ? truth.guestsOn(host) : 0;
    if (guests > 0) return `${instanceId} is evacuated from ${host}, where ${guests} guests run`;
    return judge(host, nowMs, intentMs - KNOWN_WITHIN_MS.state);
  }

  function seeCommit(happening: DatedHappening): string | undefined {
    for (const { type, stream, fact } of factsOf(happening)) {
      const host = incidents.hostOf(stream) ?? '';
      if (type === 'power-read' && fact.power === 'on') onRecordedAtMs.set(host, happening.atMs);
      if (type === 'proof-made') {
        const proof = fact.proof as unknown as FenceProof;
        const why = whyNot(host, proof, happening.atMs);
        if (why !== undefined) return `${host} is said to be off (${proof.kind}): ${why}`;
        provenAtMs.set(host, proof.readAtMs);
      }
    }
    const leased = leases.follow(happening);
    const provenIn = provenByTime.get(leased ?? '');
    if (provenIn !== undefined && provenIn === simulation.states.incidentIdOf(leased ?? ''))
      return `${leased} is granted a lease, and is being recovered since its last one is over`;
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
  }

  return {
    id: 'S1',
    sentence: 'no evacuate request leaves without a valid fence proof of this incident, and with the host forced down',
    see: (happening) => {
      readings.follow(happening);
      // An instance that was deleted between salvor's last look and its request is on no host: nothing is evacuated.
      if (happening.kind === 'asked' && IS_OF_AN_EVACUATION.has(happening.request.act) && happening.request.host !== '')
        return judgeRequest(happening.request, happening.atMs);
      return happening.kind === 'committed' ? seeCommit(happening) : undefined;
    },
  };
}
