import { decideForcingDown, forceDownAnswered, forceDownFailed } from '#shared/domain/fence.ts';
import type { HostState } from '#shared/domain/host.ts';
import { pause } from '#shared/domain/pause.ts';
import type { Services } from '#shared/services.ts';
import { guardChecks } from '#shared/state/guards.ts';
import type { Loaded } from '#shared/state/items.ts';
import { orOutage, readHalt, segmentOf } from './live.ts';
import { commitHost, commitOutcome, type HostIn } from './step.ts';

/** Until a request whose function died is looked after by `sweep`. */
const ANSWER_DUE_MS = 30_000;

/** One step of the status `forcing-down`: tell Nova, and go on only when Nova itself says so. */
export async function forceDown(
  services: Services,
  loaded: Loaded<HostIn<'forcing-down'>>,
): Promise<Loaded<HostState>> {
  const { compute, clock, chance } = services;
  const host = loaded.value;
  const segment = segmentOf(services, host.incident.segment);
  const before = await orOutage(compute.service(host.name));
  if ('outage' in before)
    return commitHost(services, loaded, {
      facts: [forceDownFailed(host.incident, before.outage, segment, clock.now(), chance.random())],
    });
  if (before.value?.forcedDown)
    return commitHost(services, loaded, {
      facts: decideForcingDown(host.incident, null, before.value, segment, clock.now(), chance.random()),
    });

  const { guards, halted } = await readHalt(services, segment);
  if (halted !== undefined) return commitHost(services, loaded, { facts: [pause(host.incident, halted, clock.now())] });
  const dueAtMs = clock.now() + ANSWER_DUE_MS;
  const intended = await commitHost(services, loaded, {
    facts: [{ type: 'force-down-intended', serviceId: host.serviceId, dueAtMs }],
    writes: guardChecks(segment.name, guards),
  });
  const answer = await compute.forceDown(host.serviceId);
  const after = await orOutage(compute.service(host.name));
  const answered = forceDownAnswered(answer);
  return commitOutcome(services, intended, answered, ({ incident: now }) => {
    if (now?.status !== 'forcing-down') return [answered];
    return 'outage' in after
      ? [answered, forceDownFailed(now, after.outage, segment, clock.now(), chance.random())]
      : decideForcingDown(now, answer, after.value, segment, clock.now(), chance.random());
  });
}
