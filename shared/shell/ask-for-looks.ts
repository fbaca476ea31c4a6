import type { Services } from '#shared/services.ts';

/** `sweep` runs once a minute. */
const AHEAD_SECONDS = 60;

/**
 * Puts the looks of the minute to come into the queue, each with its delay. There is no chain that could tear or fork: a
 * minute whose looks are lost, or come twice, is over with the next.
 */
export async function askForLooks({ policy, outbox, clock }: Services): Promise<void> {
  const { everySeconds } = policy.watch;
  if (everySeconds === 0) return;
  const delays = Array.from({ length: Math.ceil(AHEAD_SECONDS / everySeconds) }, (_, index) => index * everySeconds);
  const nowMs = clock.now();
  await outbox.send(
    delays.map((delaySeconds) => ({
      message: { type: 'watch-hosts', version: 1, atMs: nowMs + delaySeconds * 1000 },
      delaySeconds,
    })),
  );
}
