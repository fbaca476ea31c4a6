import { deadlineMs } from '#shared/domain/deadline.ts';
import { nextLookMs, proofFault } from '#shared/domain/follow.ts';
import type { HostState } from '#shared/domain/host.ts';
import type { Segment } from '#shared/domain/policy.ts';
import { isHeldByTier } from '#shared/domain/tiers.ts';
import type { ComputeService } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { askGuests } from './ask-guests.ts';
import { grantTasks, sendGrants } from './grant-tasks.ts';
import { closeWith } from './hand-over.ts';
import { orOutage, readHalt, segmentOf } from './live.ts';
import { look } from './look.ts';
import { giveBackReserved, loseAnswers, wakeHost } from './reserve.ts';
import { followRestored } from './restore/follow.ts';
import { settleTasks } from './settle-tasks.ts';
import { commitHost, type Decided, followedUntil, type HostIn, halt, isIn } from './step.ts';

const OUTAGE_LOOK_MS = 5_000;

/**
 * One look of the status `evacuating`: settle what has ended, grant the next ones, and close the incident when every
 * instance has its outcome and a fresh listing of the host shows nothing else to do (L1). While salvor is switched off
 * here, what runs in Nova is waited for, and nothing is granted.
 * @param redelivered whoever had the message before may have died between the grants and their messages
 */
export async function followTasks(
  services: Services,
  loaded: Loaded<HostIn<'evacuating'>>,
  redelivered: boolean,
): Promise<Loaded<HostState>> {
  const { clock, state } = services;
  const { incident } = loaded.value;
  const segment = segmentOf(services, incident.segment);

  const before = await loadTasks(state, incident.id);
  if (redelivered)
    await sendGrants(
      services,
      loaded.value,
      before.map((task) => task.value),
    );
  const seen = await orOutage(look(services, loaded.value, before, segment));
  if ('outage' in seen) {
    services.log.warn('Nova does not answer the follower', { incidentId: incident.id, because: seen.outage });
    return commitHost(services, loaded, followedUntil(clock.now() + OUTAGE_LOOK_MS));
  }
  const sight = seen.value;
  const settled = await settleTasks(services, loaded, before, sight, segment);
  const values = settled.tasks.map((task) => task.value);
  if (sight.listing !== undefined && values.every((task) => task.progress.status === 'ended'))
    return (await giveBackReserved(services, loaded, segment)) ?? closeWith(services, loaded, values);

  const { halted } = await readHalt(services, segment);
  const waiting = values.filter(({ progress }) => progress.status === 'waiting');
  if (sight.listing !== undefined) {
    const grantable = waiting.filter(
      (task) =>
        task.progress.status === 'waiting' &&
        task.progress.notBeforeMs <= sight.atMs &&
        !isHeldByTier(task, values, segment.order, sight.atMs),
    ).length;
    const requests = halted === undefined ? grantable : 0;
    const old = oldProof(incident, sight.listing.service, requests, segment, clock.now());
    if (old !== undefined) return commitHost(services, loaded, old);
  }
  if (halted !== undefined && waiting.length > 0) {
    const inFlight = waiting.length < values.filter((task) => task.progress.status !== 'ended').length;
    return commitHost(services, loaded, halt(incident, halted, clock.now(), inFlight ? segment : undefined));
  }
  const lost = await loseAnswers(services, loaded);
  if (lost !== undefined) return lost;
  const restored = await followRestored(services, loaded, settled.tasks, segment, halted);
  const asked = await askGuests(services, loaded, restored.tasks, segment);
  // For those whose pause is cut short since room was made: they were not counted above.
  const old = sight.listing && oldProof(incident, sight.listing.service, 1, segment, clock.now());
  const granted = await grantTasks(services, loaded, asked.tasks, sight, segment, old === undefined);
  if (granted.needsProof && old !== undefined) return commitHost(services, loaded, old);
  const now = granted.tasks.map((task) => task.value);
  const woken = granted.wake && (await wakeHost(services, loaded, granted.wake, segment));
  if (woken !== undefined)
    return isIn(woken, 'evacuating') ? commitHost(services, woken, followedUntil(clock.now())) : woken;
  const isChanged = [settled, restored, asked, granted].some(({ changed }) => changed);
  const nextLookAtMs = nextLookMs(now, isChanged, segment, clock.now());
  // A pause for room may be long.
  return commitHost(services, loaded, followedUntil(Math.min(nextLookAtMs, deadlineMs(incident, segment))));
}

/** @param requests so many may be granted */
function oldProof(
  incident: HostIn<'evacuating'>['incident'],
  service: ComputeService | undefined,
  requests: number,
  segment: Segment,
  atMs: number,
): Decided | undefined {
  const fault = proofFault(incident, service, requests, segment, atMs);
  if (fault === undefined) return undefined;
  const word = service === undefined ? null : { forcedDown: service.forcedDown };
  return { facts: [fault], basis: { by: 'proof', atMs, service: word, waiting: requests } };
}
