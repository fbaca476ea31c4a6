import { Command } from 'commander';
import { isReleasable } from '#shared/domain/gates/release.ts';
import type { Incident } from '#shared/domain/host.ts';
import { PermanentError } from '#shared/errors.ts';
import { findOpen } from '../operator/find-incident.ts';
import { operatorOptions, tell } from '../operator/tell.ts';

/** `salvor release`: a held host goes on although gates are closed, or a stopped one although it contradicted itself. */
export function releaseCommand(): Command {
  const command = new Command('release')
    .description('let a held host go on although gates are closed, or a stopped one that you have looked at')
    .argument('<host>', 'the host, or the id of its incident')
    .option('--gate <name...>', 'only these of the closed gates; all that can be released without it');
  return operatorOptions(command).action(async (wanted: string, { gate }) =>
    tell(command, async (state) => {
      const { host, hostKey, incident } = await findOpen(state, wanted);
      const gates = gatesToRelease(host, incident, gate);
      return { type: 'release', hostKey, incidentId: incident.id, gates: [...gates] };
    }),
  );
}

/** @throws PermanentError when a person can't let the host pass */
function gatesToRelease(host: string, incident: Incident, wanted: readonly string[] | undefined): readonly string[] {
  if (incident.status !== 'held') return [];
  if (wanted !== undefined) return wanted;
  const closed = incident.failedGates.map(({ gate }) => gate);
  const releasable = closed.filter(isReleasable);
  if (releasable.length === 0)
    throw new PermanentError(
      `${host} is held by ${closed.join(', ')}, which no operator can release: remove the cause`,
    );
  return releasable;
}
