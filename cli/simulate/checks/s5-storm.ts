import { percentOf } from '#shared/domain/guards.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { DatedHappening } from '../engine/log.ts';
import type { Check, Scene } from './check.ts';
import { factsOf } from './intents.ts';

/** A host that salvor has decided to power off, as things were when it decided. */
interface Decided {
  readonly host: string;
  readonly atMs: number;
  readonly segment: Segment;
  /** Of the gates that a person had answered for then. */
  readonly released: ReadonlySet<string>;
  /** Hosts of the segment then. */
  readonly whole: number;
}

const STORM_GATES = ['segment-storm', 'global-storm'] as const;

/**
 * However many functions decide at once. Hosts count from the decision, which is when they take their ticket; a device
 * that is out of reach may delay the power-off. Judged when the power-off is asked for.
 */
export function stormLimits({ simulation, incidents, releases, segmentsOf }: Scene): Check {
  const { policy, world } = simulation;
  const decided = new Map<string, Decided>();
  const poweredOff = new Map<string, Decided>();

  function follow(happening: DatedHappening): void {
    for (const { type, stream } of factsOf(happening)) {
      const host = type === 'confirmed' ? (incidents.hostOf(stream) ?? '') : '';
      const segment = segmentsOf(host)[0];
      if (segment === undefined) continue;
      const whole = [...world.hosts.keys()].filter((each) => segmentsOf(each)[0] === segment).length;
      // Nobody has given it back since it was decided on: the same failure, reported again.
      const before = decided.get(host);
      const isOld = before !== undefined && world.hosts.get(host)?.forcedDown;
      const { atMs } = happening;
      const id = incidents.idOf(host);
      const released = new Set(STORM_GATES.filter((gate) => releases.covers(id, gate, atMs)));
      decided.set(host, isOld ? before : { host, atMs, segment, released, whole });
    }
  }

  /** Of each window that holds the host: one that was decided on before may be powered off after another. */
  function judge(
    gate: (typeof STORM_GATES)[number],
    { maxHosts, maxPercent, windowSeconds }: Segment['storm'],
    among: readonly Decided[],
    now: Decided,
    whole: number,
    of: string,
  ): string | undefined {
    if (now.released.has(gate)) return undefined;
    const windowMs = windowSeconds * 1000;
    for (const { atMs: endMs, released } of among) {
      if (released.has(gate) || endMs < now.atMs || endMs - windowMs >= now.atMs) continue;
      const counted = among.filter(({ atMs }) => atMs <= endMs && atMs > endMs - windowMs);
      const count = counted.length;
      const which = counted.map(({ host }) => host).join(', ');
      if (count > maxHosts) return `${count} hosts of ${of} in ${windowSeconds} s, at most ${maxHosts}: ${which}`;
      if (count > 1 && percentOf(count, whole) > maxPercent)
        return `${count} of ${whole} hosts of ${of} in ${windowSeconds} s, at most ${maxPercent} %: ${which}`;
    }
    return undefined;
  }

  return {
    id: 'S5',
    sentence: 'storm limits hold whatever the rate of events',
    see: (happening) => {
      follow(happening);
      if (happening.kind !== 'asked' || happening.request.act !== 'power-off') return undefined;
      const { host } = happening.request;
      const now = decided.get(host);
      if (now === undefined) return `${host} is powered off, and nobody has decided that`;
      if (poweredOff.get(host) === now) return undefined;
      poweredOff.set(host, now);
      const all = [...poweredOff.values()];
      const ofSegment = all.filter((each) => each.segment === now.segment);
      return (
        judge('segment-storm', now.segment.storm, ofSegment, now, now.whole, `segment ${now.segment.name}`) ??
        judge('global-storm', policy.global.storm, all, now, world.hosts.size, 'the cloud')
      );
    },
  };
}
