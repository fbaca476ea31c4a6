import type { ChannelState } from '../notify/channel-state.ts';
import { lasting, note, type Symptom, trouble } from './symptom.ts';

/** A channel of the policy, as it does. */
export interface KnownChannel extends ChannelState {
  readonly name: string;
}

/** How the heartbeat does. */
export interface KnownHeartbeat extends ChannelState {
  /** Since when salvor can't do its work; null while it can. */
  readonly withheldSinceMs: number | null;
  /** Why, a line each. */
  readonly because: readonly string[];
}

/** Of what was given up longer ago somebody has heard by other ways. */
const LOST_MS = 7 * 86_400_000;

export function notifySymptoms(channels: readonly KnownChannel[], nowMs: number): readonly Symptom[] {
  return channels.flatMap(({ name, failingSinceMs, failures, lastFailure, lost, lostAtMs, taken }) => [
    ...(failingSinceMs === null
      ? []
      : [trouble('channel', name, `${failures} failures for ${lasting(nowMs - failingSinceMs)}: ${lastFailure}`)]),
    ...(failingSinceMs === null && lastFailure !== null
      ? [trouble('channel', name, `it does not reach all: ${lastFailure}`)]
      : []),
    ...(lostAtMs === null || nowMs - lostAtMs > LOST_MS
      ? []
      : [trouble('channel', name, `${lost} notices were given up, the last ${lasting(nowMs - lostAtMs)} ago`)]),
    ...(taken + failures + lost === 0
      ? [note('channel', name, 'nothing was ever sent by it: try it with "salvor notify test"')]
      : []),
  ]);
}

/** @param heartbeat undefined where the policy has none */
export function heartbeatSymptoms(heartbeat: KnownHeartbeat | undefined, nowMs: number): readonly Symptom[] {
  if (heartbeat === undefined) return [];
  const { withheldSinceMs, because, failingSinceMs, lastFailure } = heartbeat;
  if (withheldSinceMs !== null)
    return [trouble('heartbeat', 'salvor', `withheld for ${lasting(nowMs - withheldSinceMs)}: ${because.join('; ')}`)];
  if (failingSinceMs === null) return [];
  return [trouble('heartbeat', 'salvor', `it has not arrived for ${lasting(nowMs - failingSinceMs)}: ${lastFailure}`)];
}
