import { fenceLevelsOf } from '#shared/domain/fence-device.ts';
import type { Policy } from '#shared/domain/policy.ts';
import type { DatedHappening, OutsideRequest } from '../engine/log.ts';
import { deviceNameOf, isOutlet, MAIN } from '../ports/devices.ts';

/** Devices of one host that somebody asked at one moment, with what each has told; undefined while it has not. */
interface Round {
  readonly askedAtMs: number;
  readonly invocation: number;
  readonly words: Map<string, string | undefined>;
}

/** Older ones are of no use: a proof is good for ten minutes at most. */
const KEPT = 200;

/** What the devices of each host have really told, by what happened in the world. */
export class Readings {
  readonly #policy: Policy;
  readonly #rounds = new Map<string, Round[]>();
  /** What a request found where it arrived, by its number. */
  readonly #found = new Map<number, string>();

  constructor(policy: Policy) {
    this.#policy = policy;
  }

  follow(happening: DatedHappening): void {
    if (happening.kind === 'asked' && happening.request.act === 'read-power')
      this.#roundOf(happening.request).words.set(happening.request.device ?? MAIN, undefined);
    if (happening.kind === 'arrived' && happening.request.act === 'read-power')
      this.#found.set(happening.request.id, happening.outcome);
    if (happening.kind === 'answered' && happening.request.act === 'read-power') {
      const { id, device = MAIN } = happening.request;
      this.#roundOf(happening.request).words.set(device, this.#found.get(id) ?? 'no answer');
      this.#found.delete(id);
    }
  }

  /**
   * Whether the devices that were asked at this moment say together that the host is off: all of a level do, and none
   * that sees the system itself says on.
   */
  sayOff(host: string, askedAtMs: number): boolean {
    const levels = fenceLevelsOf(this.#policy, host).map((level) => level.map(deviceNameOf));
    return this.#roundsAt(host, askedAtMs).some(({ words }) => {
      if (levels.flat().some((device) => !words.has(device)) || anyOn(host, words)) return false;
      return levels.some((level) => level.every((device) => words.get(device) === `off ${host}`));
    });
  }

  /** Whether one that sees the system itself said on, among those that were asked at this moment. */
  sayOn(host: string, askedAtMs: number): boolean {
    return this.#roundsAt(host, askedAtMs).some(({ words }) => anyOn(host, words));
  }

  #roundsAt(host: string, askedAtMs: number): readonly Round[] {
    return (this.#rounds.get(host) ?? []).filter((round) => round.askedAtMs === askedAtMs);
  }

  #roundOf({ host, invocation, sentAtMs }: OutsideRequest): Round {
    const rounds = this.#rounds.get(host) ?? [];
    this.#rounds.set(host, rounds);
    const known = rounds.findLast((round) => round.invocation === invocation && round.askedAtMs === sentAtMs);
    if (known !== undefined) return known;
    const round: Round = { askedAtMs: sentAtMs, invocation, words: new Map() };
    rounds.push(round);
    if (rounds.length > KEPT) rounds.shift();
    return round;
  }
}

const anyOn = (host: string, words: Round['words']): boolean =>
  [...words].some(([device, word]) => !isOutlet(device) && word === `on ${host}`);
