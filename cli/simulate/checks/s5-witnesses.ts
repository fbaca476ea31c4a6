import { percentOf } from '#shared/domain/guards.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { Check, Scene } from './check.ts';
import { factsOf } from './intents.ts';
import { sourcesAmong } from './sources.ts';
import { Words } from './words.ts';

/** A host is decided on by the word of enough independent sources, of which none has lost its own sight. */
export function enoughWitnesses({ simulation, incidents, releases, around }: Scene): Check {
  const { policy, world } = simulation;
  const words = new Words(incidents);
  const sourcesOf = (reporters: readonly string[]) => sourcesAmong(reporters, policy);

  /** Of so many hosts at least a source says down, this one too. */
  function accusedBy(source: string, host: string, ttlSeconds: number, nowMs: number): number {
    const others = [...around.openOthers(host, undefined, nowMs).keys()].filter((other) =>
      sourcesOf(words.mustCount(other, ttlSeconds, nowMs, true)).includes(source),
    );
    return others.length + 1;
  }

  function judge(host: string, { reporters }: Segment, nowMs: number): readonly (readonly [string, string])[] {
    const { required, claimTtlSeconds, maxAccusedHosts, maxAccusedPercent } = reporters;
    const down = sourcesOf(words.mayCount(host, claimTtlSeconds, nowMs));
    const found = `${down.length} of ${required} sources say down: ${down.join(', ') || 'nobody'}`;
    const blind = down.filter((source) => {
      const accused = accusedBy(source, host, claimTtlSeconds, nowMs);
      return accused > maxAccusedHosts && percentOf(accused, world.hosts.size) > maxAccusedPercent;
    });
    const speaking = sourcesOf(words.mustCount(host, claimTtlSeconds, nowMs, false));
    const isCliff = blind.some((source) => speaking.includes(source)) && down.length - blind.length < required;
    return [
      ...(down.length < required ? [['reporters', found] as const] : []),
      ...(isCliff ? [['reporter-cliff', `${found}; too many hosts are accused by ${blind.join(', ')}`] as const] : []),
    ];
  }

  return {
    id: 'S5',
    sentence: 'a host is decided on only by the word of enough independent sources that can see',
    see: (happening) => {
      words.follow(happening);
      for (const { type, stream } of factsOf(happening)) {
        const host = incidents.hostOf(stream) ?? '';
        const segment = type === 'confirmed' ? around.segment(incidents.segmentOf(host)) : undefined;
        if (segment === undefined) continue;
        for (const [gate, because] of judge(host, segment, happening.atMs))
          if (!releases.covers(incidents.idOf(host), gate, happening.atMs))
            return `${host} was decided on against ${gate}: ${because}`;
      }
      return undefined;
    },
  };
}
