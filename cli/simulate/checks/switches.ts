import { operatorCommand } from '#events/operator-command.ts';
import type { DatedHappening } from '../engine/log.ts';
import { factsOf } from './intents.ts';

/** As long as a release counts (docs/states.md), and a moment more. */
const RELEASED_MS = 905_000;

/**
 * What operators have told salvor. What keeps its hands off counts once the command was acknowledged, what lets it go on
 * once salvor has put on record that it obeys.
 */
export class Switches {
  /** By segment; the empty name is everything. */
  readonly #off = new Map<string, { readonly sinceMs: number; readonly untilMs: number }>();
  /** The command that has moved each switch last. */
  readonly #lastObeyed = new Map<string, string>();
  readonly #releasedAtMs = new Map<string, number>();
  readonly #dismissedAtMs = new Map<string, number>();

  follow(happening: DatedHappening): void {
    for (const { type, fact } of factsOf(happening)) {
      if (type !== 'obeyed') continue;
      const [what, name = ''] = String(fact.on).split(' ');
      const scope = what === 'segment' ? name : '';
      if (fact.command === 'arm' || fact.command === 'disarm') {
        this.#lastObeyed.set(scope, String(fact.commandId));
        this.#off.delete(scope);
      }
      if (fact.command === 'release') this.#releasedAtMs.set(name, happening.atMs);
      if (fact.command === 'dismiss') this.#dismissedAtMs.set(name, happening.atMs);
    }
    if (happening.kind === 'acknowledged' && happening.queue === 'operator-commands')
      this.#followDisarm(happening.body, happening.atMs);
  }

  #followDisarm(body: string, atMs: number): void {
    const command = operatorCommand.parse(JSON.parse(body));
    if (command.type !== 'disarm') return;
    const { forSeconds = Number.POSITIVE_INFINITY, time, segment = '' } = command;
    // It was refused, or its message comes again behind what was said since.
    if (this.#lastObeyed.get(segment) !== command.id) return;
    this.#off.set(segment, { sinceMs: atMs, untilMs: Date.parse(time) + forSeconds * 1000 });
  }

  /** Whether a person has answered for what is decided about this host now. */
  isReleased(host: string, nowMs: number): boolean {
    return (this.#releasedAtMs.get(host) ?? 0) > nowMs - RELEASED_MS;
  }

  /** Whether a person has said, since then, that salvor shall leave this host to him. */
  isDismissedSince(host: string, sinceMs: number): boolean {
    return (this.#dismissedAtMs.get(host) ?? 0) >= sinceMs;
  }

  /** Since when hosts of the segment are to be left alone, in Unix ms; infinitely late when they are not. */
  offSinceMs(segment: string | undefined, nowMs: number): number {
    const since = ['', segment ?? ''].map((name) => {
      const off = this.#off.get(name);
      return off !== undefined && off.untilMs > nowMs ? off.sinceMs : Number.POSITIVE_INFINITY;
    });
    return Math.min(...since);
  }
}
