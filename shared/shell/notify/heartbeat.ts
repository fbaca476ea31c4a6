import type { KnownHeartbeat } from '#shared/domain/doctor/notify.ts';
import { afterAnswer } from '#shared/domain/notify/channel-state.ts';
import { type Pulse, pulseOf } from '#shared/domain/notify/pulse.ts';
import type { Heartbeat } from '#shared/domain/policy-notify.ts';
import { ConflictError } from '#shared/errors.ts';
import type { Notifier } from '#shared/ports.ts';
import type { Services } from '#shared/services.ts';
import { loadAccess } from '#shared/state/access.ts';
import { loadBeat } from '#shared/state/beat.ts';
import { hostsAmong, lostAmong, MAX_DUE } from '#shared/state/hosts.ts';
import { heartbeatWrite, loadHeartbeat } from '#shared/state/notices.ts';
import { loadWatch } from '#shared/state/watch.ts';

/** @throws RetryableError when the state can't be read: then nobody can say that salvor is alive */
export async function readPulse({
  state,
  policy,
  clock,
}: Pick<Services, 'state' | 'policy' | 'clock'>): Promise<Pulse> {
  const [beat, watch, access, due] = await Promise.all([
    loadBeat(state),
    loadWatch(state),
    loadAccess(state, policy.cloud),
    state.due(clock.now(), MAX_DUE),
  ]);
  const under = { open: hostsAmong(due).values, lost: lostAmong(due) };
  const signs = { beat: beat?.value, looked: watch.value.looked, access: access?.value, ...under };
  return pulseOf(signs, policy, clock.now());
}

/**
 * The dead-man's signal: says that salvor is alive, every so often, while it is. When it can't do its work it says nothing, and
 * whoever waits for the signal calls somebody.
 */
export async function keepBeating(services: Services, notifier: Notifier, heartbeat: Heartbeat): Promise<void> {
  const { state, clock, chance, log } = services;
  const loaded = await loadHeartbeat(state);
  const before = loaded.value;
  const nowMs = clock.now();
  if (before.nextAtMs > nowMs) return;
  const pulse = await readPulse(services);
  const nextAtMs = nowMs + heartbeat.everySeconds * 1000;
  let next: KnownHeartbeat = {
    ...before,
    withheldSinceMs: before.withheldSinceMs ?? nowMs,
    because: pulse.because,
    nextAtMs,
  };
  if (pulse.alive) {
    const told = await notifier.beat(heartbeat);
    const times = { nowMs: clock.now(), random: chance.random(), giveUpSeconds: Number.POSITIVE_INFINITY };
    const { state: after } = afterAnswer(before, { queuedAtMs: nowMs, refusals: 0 }, told, times);
    // What has failed is tried sooner, and no later.
    const soonest = told.kind === 'taken' ? nextAtMs : Math.min(after.nextAtMs, nextAtMs);
    next = { ...before, ...after, withheldSinceMs: null, because: [], nextAtMs: soonest };
    if (told.kind === 'failed')
      log.warn('the heartbeat did not arrive', { fact: 'notify-failed', because: told.detail });
  } else log.error('the heartbeat is withheld: salvor can not do its work', { fact: 'not-alive', ...pulse });
  try {
    await state.transact([heartbeatWrite(loaded, next)]);
  } catch (error) {
    // Another run has sent one too: it says the same.
    if (!(error instanceof ConflictError)) throw error;
  }
}
