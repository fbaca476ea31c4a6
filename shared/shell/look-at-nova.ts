import type { HostEvent } from '#events/host-event.ts';
import { NOVA_REPORTER, sightsOf, type Word, wordsFor } from '#shared/domain/watch.ts';
import { ConflictError } from '#shared/errors.ts';
import type { Services } from '#shared/services.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { loadWatch, watchWrite } from '#shared/state/watch.ts';

/**
 * Says, as one reporter among others, of which hosts Nova hears nothing: so a cloud without any agent is protected too.
 * Words go into the queue before they are noted, so that one may be said twice and none is lost.
 * @throws RetryableError when Nova does not answer: that says nothing of any host.
 */
export async function lookAtNova(services: Services): Promise<void> {
  const { state, compute, clock, policy, outbox, log } = services;
  const sights = sightsOf(await compute.services(), policy.watch.staleSeconds);
  const watch = await loadWatch(state);
  const { accused } = watch.value;
  const isQuiet = Object.keys(accused).length === 0 && [...sights.values()].every(({ says }) => says === 'up');
  if (isQuiet) return;
  const { name: cloud, region } = policy.cloud;
  const inventory = await loadInventory(state, cloud, region);
  const held = new Set(inventory.filter(({ value }) => value.segment !== null).map(({ value }) => value.host));
  const next = wordsFor(sights, accused, (host) => held.has(host), clock.now());
  await outbox.send(next.words.map((word) => ({ message: eventOf(word, services), delaySeconds: 0 })));
  for (const { host, says, because } of next.words) log.info('Nova says', { host, says, because });
  if (JSON.stringify(next.accused) === JSON.stringify(accused)) return;
  try {
    await state.transact([watchWrite(watch, { accused: next.accused })]);
  } catch (error) {
    // Another look was faster, and has said the same.
    if (!(error instanceof ConflictError)) throw error;
  }
}

function eventOf({ host, says, because, silentMs }: Word, { clock, chance }: Services): HostEvent {
  // A host that is up was seen when its service last reported; by our clock, as far as that can be told.
  const seenAtMs = clock.now() - (says === 'up' ? silentMs : 0);
  return {
    specversion: '1.0',
    id: chance.id(),
    source: '/salvor/watch-hosts',
    reporter: NOVA_REPORTER,
    type: says === 'down' ? 'host.down' : 'host.up',
    time: new Date(seenAtMs).toISOString(),
    data: { schemaVersion: 1, host, reason: because },
  };
}
