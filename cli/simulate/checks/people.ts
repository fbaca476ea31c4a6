import type { DatedHappening } from '../engine/log.ts';
import { factsOf, type Incidents } from './intents.ts';

interface Word {
  readonly by: string;
  readonly atMs: number;
}

/** Who has really said of a host that it is off, in its incident of now, and when salvor took note of it. */
export class People {
  readonly #incidents: Incidents;
  /** Who has sent which command. */
  readonly #senders = new Map<string, string>();
  readonly #words = new Map<string, Word[]>();

  constructor(incidents: Incidents) {
    this.#incidents = incidents;
  }

  follow(happening: DatedHappening): void {
    if (happening.kind === 'commanded' && happening.command.type === 'confirm-off')
      this.#senders.set(happening.command.id, happening.command.by);
    for (const { type, stream, fact } of factsOf(happening)) {
      const by = this.#senders.get(String(fact.commandId));
      if (type !== 'off-confirmed' || by === undefined) continue;
      this.#words.set(stream, [...(this.#words.get(stream) ?? []), { by, atMs: happening.atMs }]);
    }
  }

  /**
   * Persons whose word counts: no older than this, nor than this before the next one's.
   * @param upAtMs when the host was last seen up
   */
  whoSayOff(host: string, maxAgeSeconds: number, upAtMs: number, nowMs: number): ReadonlySet<string> {
    const words = this.#words.get(`incident#${this.#incidents.idOf(host)}`) ?? [];
    const persons = new Set<string>();
    let nextMs = nowMs;
    for (const { by, atMs } of words.toReversed()) {
      if (nextMs - atMs > maxAgeSeconds * 1000 || atMs < upAtMs) break;
      nextMs = atMs;
      persons.add(by);
    }
    return persons;
  }
}
