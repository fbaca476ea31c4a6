import type { HostFact, HostState } from './host.ts';
import { endsMaintenance, opensMaintenance } from './maintenance/decide-maintenance.ts';
import { askedAtMs, type OnHost, type Refused, tooOld } from './operator.ts';
import { returnAskedFor } from './return/open-return.ts';

/** What operators ask for of a host that has no incident: its way back, and planned work. */

export interface HostDecision {
  readonly facts: readonly HostFact[];
  readonly said: string;
}

/** @param segment that holds the host by the inventory mirror; null: none does, or several */
export function decideOnHost(
  command: OnHost,
  host: HostState,
  segment: string | null,
  nowMs: number,
): Refused | HostDecision {
  const old = tooOld(command, nowMs);
  if (old !== undefined) return { refused: old };
  switch (command.type) {
    case 'return':
      return decideReturnAsked(command, host, segment, nowMs);
    case 'maintenance-on':
      return decideMaintenanceOn(command, host, nowMs);
    case 'maintenance-off':
      return decideMaintenanceOff(command, host, segment, nowMs);
  }
}

const askedFor = ({ id: commandId, by, reason }: OnHost) => ({ by, reason, commandId });

function decideReturnAsked(
  command: OnHost,
  host: HostState,
  segment: string | null,
  nowMs: number,
): Refused | HostDecision {
  const { incident, returning, maintenance, ours } = host;
  if (incident !== null) return { refused: `it has an open incident, which is ${incident.status}` };
  if (maintenance != null) return { refused: 'it is in maintenance: salvor maintenance off' };
  const said = 'it is given back as soon as its evacuations have ended and it is well';
  const asked = askedFor(command);
  if (returning != null)
    return { facts: [{ type: 'return-asked', returnId: returning.id, ...asked, atMs: nowMs }], said };
  if (ours?.forcedDownAtMs === undefined && ours?.disabled === undefined)
    return { refused: 'salvor has neither forced it down nor disabled it: what others have done they undo in Nova' };
  const because = `asked for by ${command.by}: ${command.reason}`;
  return { facts: [returnAskedFor(host, command.id, segment, because, asked, nowMs)], said };
}

function decideMaintenanceOn(
  command: Extract<OnHost, { type: 'maintenance-on' }>,
  host: HostState,
  nowMs: number,
): Refused | HostDecision {
  const { incident, maintenance } = host;
  if (maintenance != null)
    return { refused: `it is in maintenance already, by ${maintenance.by}: ${maintenance.reason}` };
  if (incident !== null && incident.status !== 'suspected' && incident.status !== 'held')
    return { refused: `salvor is recovering it: its incident is ${incident.status}` };
  const { drain, forSeconds } = command;
  const untilMs = forSeconds === undefined ? null : askedAtMs(command, nowMs) + forSeconds * 1000;
  const until = untilMs === null ? 'until salvor maintenance off' : `until ${new Date(untilMs).toISOString()}`;
  const facts = opensMaintenance(host, command, { drain, untilMs }, nowMs);
  return {
    facts,
    said: `its service is disabled${drain ? ', and its instances are live-migrated away' : ''}, ${until}`,
  };
}

function decideMaintenanceOff(
  command: OnHost,
  host: HostState,
  segment: string | null,
  nowMs: number,
): Refused | HostDecision {
  const { incident, maintenance } = host;
  if (maintenance == null) return { refused: 'it is not in maintenance' };
  if (incident !== null)
    return {
      refused: `it is reported down (its incident is ${incident.status}): let it come up, or dismiss that first`,
    };
  const facts = endsMaintenance(host, maintenance, askedFor(command), { returnId: command.id, segment }, nowMs);
  const back = facts.some(({ type }) => type === 'return-opened');
  return {
    facts,
    said: back
      ? 'it is enabled again as soon as it is well'
      : 'salvor has not disabled it, and leaves it as it is: whoever did enables it in Nova',
  };
}
