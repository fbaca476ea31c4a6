import type { HostState } from '../host.ts';
import type { Maintenance } from '../maintenance/maintenance.ts';
import type { Returning } from '../return/returning.ts';

/** What a person wants to know of a host: the state in a word or two, and why, a line each. */
export interface HostWords {
  readonly state: string;
  readonly why: readonly string[];
}

const iso = (unixMs: number): string => new Date(unixMs).toISOString();

/** Undefined for a host of which there is nothing to tell. */
export function wordsFor(host: HostState | undefined): HostWords | undefined {
  const { incident = null, returning = null, maintenance = null, ours } = host ?? {};
  if (maintenance !== null) return maintenanceWords(maintenance, incident?.status);
  if (incident !== null) return { state: `incident: ${incident.status}`, why: ['salvor incidents tells more'] };
  if (returning !== null) return returnWords(returning);
  if (ours?.forcedDownAtMs !== undefined)
    return { state: 'forced down', why: [`by salvor since ${iso(ours.forcedDownAtMs)}: salvor return gives it back`] };
  return undefined;
}

function returnWords({ status, quarantine, askedFor, shut, poweredOnAtMs }: Returning): HostWords {
  const isHeld = quarantine !== null && askedFor === null;
  const until =
    quarantine?.untilMs == null ? 'until a person asks for it: salvor return' : `until ${iso(quarantine.untilMs)}`;
  return {
    state: isHeld ? 'quarantine' : `returning: ${status}`,
    why: [
      ...(isHeld ? [`it has failed ${quarantine.failures} times: ${until}`] : []),
      ...(askedFor === null ? [] : [`asked for by ${askedFor.by}: ${askedFor.reason}`]),
      ...(poweredOnAtMs === null ? [] : [`salvor has switched it on at ${iso(poweredOnAtMs)}`]),
      ...shut.filter(({ check }) => check !== 'not-quarantined').map(({ check, because }) => `${check}: ${because}`),
    ],
  };
}

function maintenanceWords(maintenance: Maintenance, incident: string | undefined): HostWords {
  const { by, reason, sinceMs, untilMs, status } = maintenance;
  const until = untilMs === null ? '' : ` until ${iso(untilMs)}`;
  const more: string[] = incident === undefined ? [] : [`it is reported down: its incident is ${incident}`];
  if (maintenance.status === 'draining') {
    const { moves, moved, pausedBy } = maintenance;
    more.push(`${moved} instances were moved, ${Object.keys(moves).length} are on their way`);
    if (pausedBy !== null) more.push(`waits: ${pausedBy}`);
  }
  if (maintenance.status === 'away') {
    if (maintenance.drain) more.push(`drained: ${maintenance.moved} instances were moved`);
    more.push(...maintenance.left.map(({ name, because }) => `${name} stays: ${because}`));
  }
  return { state: `maintenance: ${status}`, why: [`by ${by} since ${iso(sinceMs)}${until}: ${reason}`, ...more] };
}
