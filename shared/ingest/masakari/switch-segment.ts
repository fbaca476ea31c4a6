import type { OperatorCommand } from '#events/operator-command.ts';
import type { CommandOutcome } from '#shared/state/operator-log.ts';
import { loadOutcome } from '#shared/state/operator-log.ts';
import type { Call } from './call.ts';
import { nameOf } from './change-segments.ts';
import { conflict } from './faults.ts';

/** An operator waits so long for what became of it; then it is in the queue, and obeyed however late. */
const WAIT_MS = 5_000;
const LOOK_EVERY_MS = 50;

/**
 * `enabled` of a segment is salvor's switch: false disarms it, true arms it, by the same message as `salvor disarm` and
 * `salvor arm`, whatever incident is open.
 * @throws RetryableError when the queue does not take it; Fault 409 with salvor's words when it is refused
 */
export async function switchSegment(
  { services, owner }: Pick<Call, 'services' | 'owner'>,
  key: string,
  enabled: boolean,
): Promise<void> {
  const { outbox, chance, clock } = services;
  const message: OperatorCommand = {
    type: enabled ? 'arm' : 'disarm',
    version: 1,
    id: chance.id(),
    time: new Date(clock.now()).toISOString(),
    by: nameOf(owner),
    reason: `enabled was set to ${enabled}`,
    segment: key,
  };
  await outbox.send([{ message, delaySeconds: 0 }]);
  const outcome = await outcomeOf(services, message.id);
  if (outcome?.type === 'refused') throw conflict(`Segment ${key} is not switched: ${outcome.said}.`);
}

async function outcomeOf({ state, clock }: Call['services'], id: string): Promise<CommandOutcome | undefined> {
  const endMs = clock.now() + WAIT_MS;
  for (;;) {
    const outcome = await loadOutcome(state, id);
    if (outcome !== undefined || clock.now() >= endMs) return outcome;
    await clock.sleep(LOOK_EVERY_MS);
  }
}
