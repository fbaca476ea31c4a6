import type { HostBasis } from '#shared/domain/basis.ts';
import {
  decideForcingDown,
  forceDownAnswered,
  forceDownFailed,
  forceDownIntended,
  novaSays,
} from '#shared/domain/force-down.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { ComputeService } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { guardChecks } from '#shared/state/guards.ts';
import type { Loaded } from '#shared/state/items.ts';
import { orOutage, readHalt, segmentOf } from './live.ts';
import { commitHost, commitOutcome, type HostIn, halt } from './step.ts';

/** One step of the status `forcing-down`: tell Nova, and go on only when Nova itself says so. */
export async function forceDown(
  services: Services,
  loaded: Loaded<HostIn<'forcing-down'>>,
): Promise<Loaded<HostState>> {
  const { compute, clock, chance } = services;
  const host = loaded.value;
  const segment = segmentOf(services, host.incident.segment);
  const before = await orOutage(compute.service(host.name));
  const [nowMs, random] = [clock.now(), chance.random()];
  const basis = basisOf(before, nowMs, random);
  if ('outage' in before) {
    const facts = [forceDownFailed(host.incident, before.outage, segment, nowMs, random)];
    return commitHost(services, loaded, { facts, basis });
  }
  if (before.value?.forcedDown) {
    const facts = decideForcingDown(host.incident, null, before.value, segment, nowMs, random);
    return commitHost(services, loaded, { facts, basis });
  }
  const { guards, halted } = await readHalt(services, segment);
  if (halted !== undefined) {
    // An earlier request may have died with its function: what Nova says of it is its outcome (A1).
    const because = `${halted}; ${novaSays(before.value)}`;
    return commitHost(services, loaded, halt(host.incident, because, clock.now()));
  }
  const facts = [forceDownIntended(host, nowMs)];
  const intended = await commitHost(services, loaded, { facts, basis, writes: guardChecks(segment.name, guards) });
  const answer = await compute.forceDown(host.serviceId);
  const after = await orOutage(compute.service(host.name));
  const answered = forceDownAnswered(answer);
  return commitOutcome(services, intended, answered, ({ incident: now }, atMs) => {
    const again = chance.random();
    const settled = { basis: basisOf(after, atMs, again) };
    if (now?.status !== 'forcing-down') return { ...settled, facts: [answered] };
    return 'outage' in after
      ? { ...settled, facts: [answered, forceDownFailed(now, after.outage, segment, atMs, again)] }
      : { ...settled, facts: decideForcingDown(now, answer, after.value, segment, atMs, again) };
  });
}

/** Nova's word on the service is the only input; without one, the fact says why there is none. */
function basisOf(
  seen: { readonly value: ComputeService | undefined } | { readonly outage: string },
  atMs: number,
  random: number,
): HostBasis {
  const basis = { by: 'forcing-down', atMs, random } as const;
  if ('outage' in seen) return basis;
  const { value } = seen;
  return { ...basis, service: value === undefined ? null : { state: value.state, forcedDown: value.forcedDown } };
}
