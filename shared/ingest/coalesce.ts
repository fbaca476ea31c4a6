import type { Outbox, OutgoingMessage } from '#shared/ports.ts';

interface Waiting {
  readonly messages: readonly OutgoingMessage[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * An outbox for many callers at once: what comes while a send is under way goes out with the next one, so that a thousand
 * requests a second are a hundred sends. A send that fails, fails for all whose messages were in it.
 */
export function coalesced(outbox: Outbox): Outbox {
  let waiting: Waiting[] = [];
  let running = false;
  const run = async (): Promise<void> => {
    running = true;
    // Whoever calls in the same turn of the event loop is in the first send already.
    await Promise.resolve();
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      try {
        await outbox.send(group.flatMap(({ messages }) => messages));
        for (const { resolve } of group) resolve();
      } catch (error) {
        for (const { reject } of group) reject(error);
      }
    }
    running = false;
  };
  return {
    send: (messages) =>
      new Promise((resolve, reject) => {
        if (messages.length === 0) return resolve();
        waiting.push({ messages, resolve, reject });
        if (!running) void run();
      }),
  };
}
