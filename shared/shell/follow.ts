import { nextLookMs, proofFault } from '#shared/domain/follow.ts';
import type { HostState } from '#shared/domain/host.ts';
import { isHeldByTier } from '#shared/domain/tiers.ts';
import type { Services } from '#shared/services.ts';
import type { Loaded } from '#shared/state/items.ts';
import { loadTasks } from '#shared/state/tasks.ts';
import { askGuests } from './ask-guests.ts';
import { grantTasks, sendGrants } from './grant-tasks.ts';
import { closeWith } from './hand-over.ts';
import { orOutage, readHalt, segmentOf } from './live.ts';
import { look } from './look.ts';
import { settleTasks } from './settle-tasks.ts';
import { commitHost, followedUntil, type HostIn, halt } from './step.ts';

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
    return closeWith(services, loaded, values);

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
    const { service } = sight.listing;
    const atMs = clock.now();
    const fault = proofFault(incident, service, requests, segment, atMs);
    if (fault !== undefined) {
      const word = service === undefined ? null : { forcedDown: service.forcedDown };
      return commitHost(services, loaded, {
        facts: [fault],
        basis: { by: 'proof', atMs, service: word, waiting: requests },
      });
    }
  }
  if (halted !== undefined && waiting.length > 0) {
    const inFlight = waiting.length < values.filter((task) => task.progress.status !== 'ended').length;
    return commitHost(services, loaded, halt(incident, halted, clock.now(), inFlight ? segment : undefined));
  }
  const asked = await askGuests(services, loaded, settled.tasks, segment);
  const granted = await grantTasks(services, loaded, asked.tasks, sight, segment);
  const now = granted.tasks.map((task) => task.value);
  const nextLookAtMs = nextLookMs(now, settled.changed || asked.changed || granted.changed, segment, clock.now());
  return commitHost(services, loaded, followedUntil(nextLookAtMs));
}
