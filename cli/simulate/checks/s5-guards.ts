import { DAY_SECONDS, percentOf } from '#shared/domain/guards.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { DatedHappening } from '../engine/log.ts';
import { type Check, DECIDED_WITHIN_MS, KNOWN_WITHIN_MS, type Scene } from './check.ts';
import { factsOf } from './intents.ts';

type Limits = Segment['storm'];

/**
 * Hosts are decided on one after the other, and never too many: by what had surely befallen the others at that time. How
 * many are powered off in the end is judged in `s5-storm.ts`.
 */
export function guardsHold({ simulation, histories, incidents, releases, around, segmentsOf }: Scene): Check {
  const { policy, world } = simulation;
  const all = [...world.hosts.keys()];
  /** The newest suspicion when a storm limit was surely hit last; by segment, the empty name is the cloud. */
  const stormAtMs = new Map<string, number>();

  const membersOf = (segment: Segment, nowMs: number): readonly string[] =>
    all.filter(
      (name) =>
        segmentsOf(name).includes(segment) ||
        (histories.of(name).unprotectedSinceMs > nowMs - KNOWN_WITHIN_MS.host && segmentsOf(name).length === 0),
    );

  /** Those under suspicion count as well: when fifty are gone at once, the first one is part of a storm. */
  function whyStorm(host: string, scope: string | undefined, limits: Limits, whole: number, nowMs: number) {
    const { maxHosts, maxPercent, windowSeconds, maxHostsPerDay } = limits;
    const count = around.failedOthers(host, scope, windowSeconds, nowMs).size + 1;
    const today = around.failedOthers(host, scope, DAY_SECONDS, nowMs).size + 1;
    if (count > maxHosts) return `it is host ${count} of at most ${maxHosts} in ${windowSeconds} s`;
    if (count > 1 && percentOf(count, whole) > maxPercent)
      return `it is host ${count} of ${whole} in ${windowSeconds} s, at most ${maxPercent} %`;
    return today > maxHostsPerDay ? `it is host ${today} of at most ${maxHostsPerDay} in a day` : undefined;
  }

  /** A host is held, and the storm gates were asked: their limits were surely hit then if they were not kept. */
  function noteStorm(host: string, scope: string | undefined, limits: Limits, whole: number, nowMs: number): void {
    if (whyStorm(host, scope, limits, whole, nowMs) === undefined) return;
    const newest = Math.max(incidents.openedAtMs(host), ...around.openOthers(host, scope, nowMs).values());
    stormAtMs.set(scope ?? '', Math.max(newest, stormAtMs.get(scope ?? '') ?? 0));
  }

  function whyRate(host: string, scope: string | undefined, { maxHostsPerMinute }: Limits, nowMs: number) {
    const others = around.decidedOthers(host, scope, 60, nowMs);
    return others.length + 1 > maxHostsPerMinute
      ? `it is host ${others.length + 1} of at most ${maxHostsPerMinute} in 60 s, after ${others.join(', ')}`
      : undefined;
  }

  /** Each suspicion within the cool-down of the one before lets it begin anew. */
  function whyCoolDown(host: string, scope: string | undefined, { coolDownSeconds }: Limits, nowMs: number) {
    const surelyMs = coolDownSeconds * 1000 - DECIDED_WITHIN_MS;
    const opened = [incidents.openedAtMs(host), ...around.openOthers(host, scope, nowMs).values()];
    const lastMs = opened
      .sort((a, b) => a - b)
      .reduce(
        (at, each) => (each < at + surelyMs ? Math.max(at, each) : at),
        stormAtMs.get(scope ?? '') ?? Number.NEGATIVE_INFINITY,
      );
    return nowMs - lastMs < surelyMs
      ? `a storm limit was hit, and no new suspicion for ${(nowMs - lastMs) / 1000} s only, of ${coolDownSeconds} s`
      : undefined;
  }

  function domainsOf(host: string, nowMs: number): readonly string[] {
    const { aggregateMetadataKey: key, hosts = {} } = policy.failureDomains;
    const listed = Object.entries(hosts).flatMap(([name, those]) => (those.includes(host) ? [name] : []));
    const isSure = key !== undefined && histories.of(host).protectedSinceMs < nowMs - KNOWN_WITHIN_MS.host;
    const told = (isSure ? world.aggregates : []).flatMap(({ hosts: those, metadata }) =>
      those.includes(host) ? [metadata[key ?? ''] ?? []] : [],
    );
    return [...new Set([...listed, ...told.flat()])];
  }

  function whyDomain(host: string, nowMs: number): string | undefined {
    const { maxHostsPerDomain, maxDomains, windowSeconds } = policy.failureDomains;
    const own = domainsOf(host, nowMs);
    const failed = [...around.failedOthers(host, undefined, windowSeconds, nowMs)];
    for (const domain of own) {
      const count = failed.filter((name) => domainsOf(name, nowMs).includes(domain)).length + 1;
      if (count > maxHostsPerDomain) return `it is host ${count} of at most ${maxHostsPerDomain} in ${domain}`;
    }
    const others = new Set(failed.flatMap((name) => domainsOf(name, nowMs)).filter((name) => !own.includes(name)));
    const touched = own.length + others.size;
    return own.length > 0 && others.size > 0 && touched > maxDomains
      ? `${touched} failure domains have failed, at most ${maxDomains}`
      : undefined;
  }

  /** By what may have been seen of them lately. */
  function whyHealthy(host: string, segment: Segment, nowMs: number): string | undefined {
    const longAgo = nowMs - KNOWN_WITHIN_MS.host;
    const noticedMs = world.options.serviceDownSeconds * 1000;
    const suspects = around.openOthers(host, segment.name, nowMs);
    const fit = membersOf(segment, nowMs).filter((name) => {
      const { silentSinceMs, outOfServiceSinceMs, seenUpAtMs } = histories.of(name);
      const isSilent = silentSinceMs < longAgo - noticedMs && seenUpAtMs < longAgo;
      const isUnfit = isSilent || outOfServiceSinceMs < longAgo;
      return name !== host && !isUnfit && !suspects.has(name);
    });
    return fit.length < segment.minHealthyHosts
      ? `${fit.length} other hosts can be healthy, at least ${segment.minHealthyHosts} are asked for`
      : undefined;
  }

  function judge(host: string, segment: Segment, nowMs: number): string | undefined {
    const { name, storm } = segment;
    const ofCloud = policy.global.storm;
    const why: Readonly<Record<string, string | undefined>> = {
      'segment-storm': whyStorm(host, name, storm, membersOf(segment, nowMs).length, nowMs),
      'segment-rate': whyRate(host, name, storm, nowMs),
      'segment-cool-down': whyCoolDown(host, name, storm, nowMs),
      'global-storm': whyStorm(host, undefined, ofCloud, all.length, nowMs),
      'global-rate': whyRate(host, undefined, ofCloud, nowMs),
      'global-cool-down': whyCoolDown(host, undefined, ofCloud, nowMs),
      'failure-domain': whyDomain(host, nowMs),
      'healthy-hosts': whyHealthy(host, segment, nowMs),
    };
    for (const [gate, because] of Object.entries(why))
      if (because !== undefined && !releases.covers(incidents.idOf(host), gate, nowMs))
        return `${host} was decided on against ${gate}: ${because}`;
    return undefined;
  }

  function seeCommit(happening: Extract<DatedHappening, { kind: 'committed' }>): string | undefined {
    const { atMs } = happening;
    for (const { type, stream, fact } of factsOf(happening)) {
      const host = incidents.hostOf(stream) ?? '';
      const segment = around.segment(incidents.segmentOf(host));
      if (segment === undefined) continue;
      if (type === 'held' && JSON.stringify(fact.gates).includes('"segment-storm"')) {
        noteStorm(host, segment.name, segment.storm, membersOf(segment, atMs).length, atMs);
        noteStorm(host, undefined, policy.global.storm, all.length, atMs);
      }
      const broken = type === 'confirmed' ? judge(host, segment, atMs) : undefined;
      if (broken !== undefined) return broken;
    }
    return undefined;
  }

  return {
    id: 'S5',
    sentence: 'a host is decided on only while the guards around it are kept',
    see: (happening) => (happening.kind === 'committed' ? seeCommit(happening) : undefined),
  };
}
