import type { Told } from '#shared/ports.ts';
import { backoffMs } from '../backoff.ts';

/** How a channel does. Times are Unix ms. */
export interface ChannelState {
  /** Somebody is sending by it until then; whoever died at it is forgotten then. */
  readonly leaseUntilMs: number;
  /** In a row. */
  readonly failures: number;
  readonly failingSinceMs: number | null;
  /** Nothing is sent by it before. */
  readonly nextAtMs: number;
  /** Without `failures`: it takes notices, and the last one did not reach all. */
  readonly lastFailure: string | null;
  readonly lastTakenAtMs: number | null;
  /** Ever, by outcome. */
  readonly taken: number;
  readonly failed: number;
  /** Given up: nobody was told of them by this channel. */
  readonly lost: number;
  readonly lostAtMs: number | null;
}

export const UNUSED: ChannelState = {
  leaseUntilMs: 0,
  failures: 0,
  failingSinceMs: null,
  nextAtMs: 0,
  lastFailure: null,
  lastTakenAtMs: null,
  taken: 0,
  failed: 0,
  lost: 0,
  lostAtMs: null,
};

const RETRY = { retryBaseSeconds: 5, retryMaxSeconds: 300 } as const;
/** A notice that is refused so often would be for ever, and may not keep back those behind it. */
const REFUSALS = 5;

/** Longer than a sender is at work before it renews its lease: what it has not done by then, another does again. */
export const LEASE_MS = 60_000;

export const maySend = ({ leaseUntilMs, nextAtMs }: ChannelState, nowMs: number): boolean =>
  leaseUntilMs <= nowMs && nextAtMs <= nowMs;

export const leased = (state: ChannelState, nowMs: number): ChannelState => ({
  ...state,
  leaseUntilMs: nowMs + LEASE_MS,
});
export const released = (state: ChannelState): ChannelState => ({ ...state, leaseUntilMs: 0 });

/** @param queuedAtMs or when it has happened: whoever is told of it now learns nothing to act on, and may take it for news. */
export const isTooOld = (queuedAtMs: number, giveUpSeconds: number, nowMs: number): boolean =>
  nowMs - queuedAtMs >= giveUpSeconds * 1000;

/** A notice is given up unsent. */
export const withLoss = (state: ChannelState, nowMs: number): ChannelState => ({
  ...state,
  lost: state.lost + 1,
  lostAtMs: nowMs,
});

/** What becomes of a channel and of the notice at its head by what its other end has said. */
export function afterAnswer(
  state: ChannelState,
  head: { readonly queuedAtMs: number; readonly refusals: number },
  told: Told,
  { nowMs, random, giveUpSeconds }: { readonly nowMs: number; readonly random: number; readonly giveUpSeconds: number },
): { readonly state: ChannelState; readonly head: 'taken' | 'lost' | { readonly refusals: number } } {
  if (told.kind === 'taken')
    return {
      state: {
        ...state,
        failures: 0,
        failingSinceMs: null,
        nextAtMs: 0,
        lastFailure: told.missed ?? null,
        lastTakenAtMs: nowMs,
        taken: state.taken + 1,
        failed: state.failed + (told.missed === undefined ? 0 : 1),
      },
      head: 'taken',
    };
  const pauseMs = Math.max(backoffMs(state.failures, RETRY, random), (told.retryAfterSeconds ?? 0) * 1000);
  const refusals = head.refusals + (told.isRefusal ? 1 : 0);
  const isLost = isTooOld(head.queuedAtMs, giveUpSeconds, nowMs) || refusals >= REFUSALS;
  return {
    state: {
      ...(isLost ? withLoss(state, nowMs) : state),
      failures: state.failures + 1,
      failingSinceMs: state.failingSinceMs ?? nowMs,
      nextAtMs: Math.round(nowMs + pauseMs),
      lastFailure: told.detail,
      failed: state.failed + 1,
    },
    head: isLost ? 'lost' : { refusals },
  };
}
