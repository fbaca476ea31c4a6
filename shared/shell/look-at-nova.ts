import type { HostEvent } from '#events/host-event.ts';
import { hostKeyOf } from '#shared/domain/host.ts';
import { isRestartedFirst } from '#shared/domain/process-recovery/first.ts';
import {
  type Accused,
  type Look,
  NOVA_REPORTER,
  type Sight,
  sightsOf,
  type Word,
  wordsFor,
} from '#shared/domain/watch.ts';
import { ConflictError } from '#shared/errors.ts';
import type { ComputeService } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { loadInventory } from '#shared/state/inventory.ts';
import { loadProcesses } from '#shared/state/processes.ts';
import { loadWatch, watchWrite } from '#shared/state/watch.ts';

/** That somebody looks is noted this often, for `salvor doctor`. */
const NOTE_AGAIN_MS = 60_000;

/**
 * Says, as one reporter among others, of which hosts Nova hears nothing: so a cloud without any agent is protected too.
 * Words go into the queue before they are noted, so that one may be said twice and none is lost.
 * @throws RetryableError when Nova does not answer: that says nothing of any host.
 */
export async function lookAtNova(services: Services): Promise<void> {
  const { state, compute, clock, policy, outbox, log } = services;
  const computeServices = await compute.services();
  const sights = sightsOf(computeServices, policy.watch.staleSeconds);
  const watch = await loadWatch(state);
  const { accused } = watch.value;
  const isQuiet = Object.keys(accused).length === 0 && [...sights.values()].every(({ says }) => says === 'up');
  if (isQuiet) return note(services, watch, accused, computeServices);
  const { name: cloud, region } = policy.cloud;
  const inventory = await loadInventory(state, cloud, region);
  const segments = new Map(inventory.map(({ value }) => [value.host, value.segment]));
  const news = await withoutRestarted(services, sights, computeServices, segments);
  const next = wordsFor(news, accused, (host) => segments.get(host) != null, clock.now());
  await outbox.send(next.words.map((word) => ({ message: eventOf(word, services), delaySeconds: 0 })));
  for (const { host, says, because } of next.words) log.info('Nova says', { host, says, because });
  await note(services, watch, next.accused, computeServices);
}

/** Of a host whose nova-compute is being started again, nothing is said for now. */
async function withoutRestarted(
  { state, policy, clock }: Services,
  sights: ReadonlyMap<string, Sight>,
  computeServices: readonly ComputeService[],
  segments: ReadonlyMap<string, string | null>,
): Promise<ReadonlyMap<string, Sight>> {
  const { name: cloud, region } = policy.cloud;
  const news = new Map(sights);
  for (const { host, id } of computeServices) {
    const segment = policy.segments.find(({ name }) => name === segments.get(host));
    if (news.get(host)?.says !== 'down' || segment?.processRecovery === undefined) continue;
    const { value } = await loadProcesses(state, hostKeyOf(cloud, region, id));
    if (isRestartedFirst(value, segment, clock.now())) news.delete(host);
  }
  return news;
}

/** What was said, and each minute that somebody looks at all. */
async function note(
  { state, clock }: Services,
  watch: Awaited<ReturnType<typeof loadWatch>>,
  accused: Accused,
  computeServices: readonly ComputeService[],
): Promise<void> {
  const { looked, accused: before } = watch.value;
  const isNoted = looked !== undefined && clock.now() - looked.atMs < NOTE_AGAIN_MS;
  if (isNoted && JSON.stringify(accused) === JSON.stringify(before)) return;
  const reports = computeServices.flatMap(({ lastReportAtMs }) => lastReportAtMs ?? []);
  const look: Look = {
    atMs: clock.now(),
    newestReportAtMs: reports.length === 0 ? null : reports.reduce((newest, each) => Math.max(newest, each)),
  };
  try {
    await state.transact([watchWrite(watch, { accused, looked: look })]);
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
