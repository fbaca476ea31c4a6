import { type OperatorCommand, operatorCommand } from '#events/operator-command.ts';
import type { DatedHappening } from '../engine/log.ts';
import { factsOf } from './intents.ts';

const NEVER = Number.POSITIVE_INFINITY;

/** One command that moves a switch. Times in Unix ms. */
interface Move {
  readonly id: string;
  readonly disarms: boolean;
  readonly askedAtMs: number;
  readonly untilMs: number;
  /** The first time; infinitely late before. */
  acknowledgedAtMs: number;
}

/**
 * What operators have told salvor, by their commands. What keeps its hands off counts once the command was acknowledged,
 * whatever salvor has put on record of it; what lets it go on counts from when it was sent.
 */
export class Switches {
  /** By segment; the empty name is everything. The newest first, by when they were asked for. */
  readonly #moves = new Map<string, readonly Move[]>();
  readonly #dismissedAtMs = new Map<string, number>();

  follow(happening: DatedHappening): void {
    for (const { type, fact } of factsOf(happening))
      if (type === 'obeyed' && fact.command === 'dismiss')
        this.#dismissedAtMs.set(String(fact.on).split(' ')[1] ?? '', happening.atMs);
    if (happening.kind === 'commanded') this.#send(happening.command);
    if (happening.kind !== 'acknowledged' || happening.queue !== 'operator-commands') return;
    const { id } = operatorCommand.parse(JSON.parse(happening.body));
    for (const move of [...this.#moves.values()].flat())
      if (move.id === id) move.acknowledgedAtMs = Math.min(move.acknowledgedAtMs, happening.atMs);
  }

  #send(command: OperatorCommand): void {
    if (command.type !== 'disarm' && command.type !== 'arm') return;
    const { id, segment = '' } = command;
    const disarms = command.type === 'disarm';
    const askedAtMs = Date.parse(command.time);
    const forMs = command.type === 'disarm' ? (command.forSeconds ?? NEVER) * 1000 : NEVER;
    const move: Move = { id, disarms, askedAtMs, untilMs: askedAtMs + forMs, acknowledgedAtMs: NEVER };
    // Of two that were asked for at once, either may come last: then the one that lets salvor go on.
    const later = (a: Move, b: Move): number => b.askedAtMs - a.askedAtMs || Number(a.disarms) - Number(b.disarms);
    this.#moves.set(segment, [...(this.#moves.get(segment) ?? []), move].sort(later));
  }

  /** Whether a person has said, since then, that salvor shall leave this host to him. */
  isDismissedSince(host: string, sinceMs: number): boolean {
    return (this.#dismissedAtMs.get(host) ?? 0) >= sinceMs;
  }

  /** Since when hosts of the segment are to be left alone, in Unix ms; infinitely late when they are not. */
  offSinceMs(segment: string | undefined, nowMs: number): number {
    return Math.min(...['', segment ?? ''].map((name) => this.#offSinceMs(name, nowMs)));
  }

  #offSinceMs(scope: string, nowMs: number): number {
    let untilMs = NEVER;
    for (const move of this.#moves.get(scope) ?? []) {
      if (!move.disarms) return NEVER;
      untilMs = Math.min(untilMs, move.untilMs);
      if (move.acknowledgedAtMs !== NEVER) return untilMs > nowMs ? move.acknowledgedAtMs : NEVER;
    }
    return NEVER;
  }
}
