import {
  afterAnswer,
  isTooOld,
  LEASE_MS,
  leased,
  maySend,
  released,
  withLoss,
} from '#shared/domain/notify/channel-state.ts';
import type { Channel, Notify } from '#shared/domain/policy-notify.ts';
import { ConflictError } from '#shared/errors.ts';
import type { Notifier } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { versionAfter } from '#shared/state/items.ts';
import { channelWrite, doneWrite, loadChannel, loadQueued, type Queued, requeueWrite } from '#shared/state/notices.ts';
import { approvalFor, linkTo } from './link.ts';

/** One call takes ten seconds at most; the lease is renewed with each. */
const PER_LOOK = 100;

/**
 * Sends what waits for one channel, in its order, until it is done or the channel fails. Whoever sends has the channel to
 * himself for a while, which is committed before; a notice is taken out of the queue after its receiver has it. So each comes
 * at least once, and twice only if its sender dies in between.
 * @returns how many were taken
 */
export async function deliverBy(
  services: Services,
  notifier: Notifier,
  [name, channel]: readonly [string, Channel],
  notify: Notify,
  untilMs: number,
): Promise<number> {
  const { state, clock, chance, log } = services;
  const waiting = await loadQueued(state, name, PER_LOOK);
  if (waiting.length === 0) return 0;
  let loaded = await loadChannel(state, name);
  if (!maySend(loaded.value, clock.now())) return 0;
  let taken = 0;
  const about = ({ value }: Queued) => ({ channel: name, type: channel.type, notice: value.notice.id });
  try {
    const lease = leased(loaded.value, clock.now());
    await state.transact([channelWrite(name, loaded, lease)]);
    loaded = { value: lease, version: versionAfter(loaded) };
    for (const queued of waiting) {
      if (clock.now() >= untilMs) break;
      const { notice, queuedAtMs, refusals } = queued.value;
      // It has waited for a channel that failed, or that the policy had no more.
      if (isTooOld(queuedAtMs, notify.giveUpSeconds, clock.now())) {
        const next = leased(withLoss(loaded.value, clock.now()), clock.now());
        await state.transact([channelWrite(name, loaded, next), doneWrite(queued)]);
        loaded = { value: next, version: versionAfter(loaded) };
        const because = `it has waited since ${new Date(queuedAtMs).toISOString()}`;
        log.error('a notice was given up', { fact: 'notice-lost', ...about(queued), because });
        continue;
      }
      const approve = approvalFor(notify, channel, notice, queuedAtMs);
      const told = await notifier.tell(channel, { ...notice, link: linkTo(notify, notice), approve });
      const times = { nowMs: clock.now(), random: chance.random(), giveUpSeconds: notify.giveUpSeconds };
      const after = afterAnswer(loaded.value, { queuedAtMs, refusals }, told, times);
      const next = { ...after.state, leaseUntilMs: clock.now() + LEASE_MS };
      await state.transact([channelWrite(name, loaded, next), writeOf(queued, after.head)]);
      loaded = { value: next, version: versionAfter(loaded) };
      // Alarms look for `fact`: infra/cdk/incident-alarms.ts.
      const fields = { ...about(queued), because: told.detail };
      if (told.kind === 'taken') {
        taken += 1;
        if (told.missed !== undefined)
          log.warn('a notice did not reach all of a channel', { fact: 'notify-failed', ...fields });
      } else {
        if (after.head === 'lost') log.error('a notice was given up', { fact: 'notice-lost', ...fields });
        else log.warn('a notice could not be delivered', { fact: 'notify-failed', ...fields });
        if (after.head !== 'lost') break;
      }
    }
    await state.transact([channelWrite(name, loaded, released(loaded.value))]);
  } catch (error) {
    // Another sender is at it, or has taken over what took this one too long.
    if (!(error instanceof ConflictError)) throw error;
  }
  return taken;
}

function writeOf(queued: Queued, head: ReturnType<typeof afterAnswer>['head']) {
  return typeof head === 'string' ? doneWrite(queued) : requeueWrite(queued, head.refusals);
}
