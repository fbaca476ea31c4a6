import { percentOf } from '#shared/domain/guards.ts';
import type { Segment } from '#shared/domain/policy.ts';
import type { StateWrite } from '#shared/ports.ts';
import type { Check, Scene } from './check.ts';

/** A host that salvor has decided to power off, as things were when it decided. */
interface Decided {
  readonly host: string;
  readonly atMs: number;
  readonly segment: Segment;
  /** Hosts of the segment then. */
  readonly whole: number;
}

/**
 * However many functions decide at once. Hosts count from the decision, which is when they take their ticket; a device
 * that is out of reach may delay the power-off. Judged when the power-off is asked for.
 */
export function stormLimits({ simulation, segmentsOf }: Scene): Check {
  const { policy, world } = simulation;
  const hostOfIncident = new Map<string, string>();
  const decided = new Map<string, Decided>();
  const poweredOff = new Map<string, Decided>();

  function follow(writes: readonly StateWrite[], atMs: number): void {
    for (const write of writes) {
      if (write.kind !== 'append') continue;
      const { type, host = '' } = write.body.fact as { readonly type: string; readonly host?: string };
      if (type === 'incident-opened') hostOfIncident.set(write.partition, host);
      if (type !== 'confirmed') continue;
      const name = hostOfIncident.get(write.partition) ?? '';
      const segment = segmentsOf(name)[0];
      if (segment === undefined) continue;
      const whole = [...world.hosts.keys()].filter((each) => segmentsOf(each)[0] === segment).length;
      decided.set(name, { host: name, atMs, segment, whole });
    }
  }

  function judge(
    { maxHosts, maxPercent, windowSeconds }: Segment['storm'],
    among: readonly Decided[],
    now: Decided,
    whole: number,
    of: string,
  ): string | undefined {
    const count = among.filter(({ atMs }) => atMs > now.atMs - windowSeconds * 1000).length;
    if (count > maxHosts) return `${count} hosts of ${of} in ${windowSeconds} s, at most ${maxHosts}`;
    if (count > 1 && percentOf(count, whole) > maxPercent)
      return `${count} of ${whole} hosts of ${of} in ${windowSeconds} s, at most ${maxPercent} %`;
    return undefined;
  }

  return {
    id: 'S5',
    sentence: 'storm limits hold whatever the rate of events',
    see: (happening) => {
      if (happening.kind === 'committed') follow(happening.writes, happening.atMs);
      if (happening.kind !== 'asked' || happening.request.act !== 'power-off') return undefined;
      const { host } = happening.request;
      const now = decided.get(host);
      if (now === undefined) return `${host} is powered off, and nobody has decided that`;
      if (poweredOff.get(host) === now) return undefined;
      poweredOff.set(host, now);
      const all = [...poweredOff.values()];
      const ofSegment = all.filter((each) => each.segment === now.segment);
      return (
        judge(now.segment.storm, ofSegment, now, now.whole, `segment ${now.segment.name}`) ??
        judge(policy.global.storm, all, now, world.hosts.size, 'the cloud')
      );
    },
  };
}
