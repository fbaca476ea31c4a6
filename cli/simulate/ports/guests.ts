import type { Guests } from '#shared/ports.ts';
import type { World } from '#sim/world/world.ts';
import type { Invocation } from '../engine/invocation.ts';

/** As salvor waits for a guest that does not answer. */
const TIMEOUT_MS = 3_000;

/** Guests answer at their addresses where they really run, some time after they were started. */
export const guestsPort = (current: () => Invocation, world: World): Guests => ({
  ask: async ({ address, port }) => {
    const nowMs = world.clock.now();
    const answers = [...world.servers.values()].some(
      ({ id, addresses = {}, launchedMs, answersAfterMs = Number.POSITIVE_INFINITY }) =>
        Object.values(addresses)
          .flat()
          .some(({ addr }) => addr === address) &&
        [...world.hosts.values()].some(({ guests }) => guests.has(id)) &&
        launchedMs !== null &&
        launchedMs + answersAfterMs <= nowMs,
    );
    if (answers) return undefined;
    await current().sleep(TIMEOUT_MS);
    return `simulated: no connection to port ${port}`;
  },
});
