import { type OperatorCommand, operatorCommand } from '#events/operator-command.ts';
import type { DatedHappening } from '../engine/log.ts';
import { DECIDED_WITHIN_MS } from './check.ts';

/** A release counts for so long once it is obeyed, and is refused when it is older than that (docs/states.md). */
const COUNTS_MS = 900_000;

interface Release {
  readonly commandId: string;
  readonly gates: ReadonlySet<string>;
  readonly fromMs: number;
  untilMs: number;
}

/**
 * Which gates operators have let a held host pass, by their commands: of one incident, the gates that they name, from when
 * it was sent, which is before it is obeyed, to so long after it was first acknowledged, which is behind that.
 */
export class Releases {
  readonly #byIncident = new Map<string, Release[]>();

  follow(happening: DatedHappening): void {
    if (happening.kind === 'commanded') this.#send(happening.command, happening.atMs);
    if (happening.kind !== 'acknowledged' || happening.queue !== 'operator-commands') return;
    const command = operatorCommand.parse(JSON.parse(happening.body));
    if (command.type !== 'release') return;
    for (const release of this.#byIncident.get(command.incidentId) ?? [])
      if (release.commandId === command.id) release.untilMs = Math.min(release.untilMs, happening.atMs + COUNTS_MS);
  }

  #send(command: OperatorCommand, atMs: number): void {
    if (command.type !== 'release') return;
    const { id: commandId, incidentId, gates } = command;
    const release = { commandId, gates: new Set(gates), fromMs: atMs, untilMs: atMs + 2 * COUNTS_MS };
    this.#byIncident.set(incidentId, [...(this.#byIncident.get(incidentId) ?? []), release]);
  }

  /**
   * Whether a person may have answered for this gate of the incident.
   * @param slackMs how much earlier the gate may have been asked
   */
  covers(incidentId: string | undefined, gate: string, nowMs: number, slackMs: number = DECIDED_WITHIN_MS): boolean {
    return (this.#byIncident.get(incidentId ?? '') ?? []).some(
      ({ gates, fromMs, untilMs }) => gates.has(gate) && fromMs <= nowMs && untilMs > nowMs - slackMs,
    );
  }
}
