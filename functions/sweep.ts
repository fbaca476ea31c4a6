import type { HostState } from '#shared/domain/host.ts';
import { nextBeat } from '#shared/domain/settling.ts';
import { ConflictError } from '#shared/errors.ts';
import { scheduledHandler } from '#shared/lambda/handler.ts';
import type { Services } from '#shared/services.ts';
import { askForLooks } from '#shared/shell/ask-for-looks.ts';
import { pushOnOthers } from '#shared/shell/push-on.ts';
import { sendCommands } from '#shared/shell/step.ts';
import { beatWrite, loadBeat } from '#shared/state/beat.ts';
import { disarmedAmong } from '#shared/state/guards.ts';
import { hostsAmong, MAX_DUE } from '#shared/state/hosts.ts';

/** A step that is this late has lost its message: its function died between commit and send, or the queue lost it. */
const OVERDUE_MS = 30_000;

/**
 * Sends the commands of every incident past its deadline again. Receivers tell the repeat by its tick. What is stopped or
 * switched off is said each time, and what can't be read or sent keeps nobody from the others. Gives salvor's beat, by which
 * a start or a long pause shows (`settling` of the policy), and asks for the looks at the hosts of the minute to come.
 */
export async function sweep(services: Services, overdueMs: number = OVERDUE_MS): Promise<number> {
  const { state, clock, log } = services;
  const failures: unknown[] = [];
  // Before anything is sent: what is pushed on after a pause must find it.
  await giveBeat(services).catch((error: unknown) => failures.push(error));
  const due = await state.due(clock.now() - overdueMs, MAX_DUE);
  // Alarms look for `fact`: infra/cdk/incident-alarms.ts.
  const switches = disarmedAmong(due, clock.now());
  for (const { name, disarmed } of switches.values) {
    const segment = name === 'global' ? null : name.segment;
    log.warn('an operator has switched salvor off', { fact: 'disarmed', segment, ...disarmed });
  }
  await askForLooks(services).catch((error: unknown) => failures.push(error));
  const { values: hosts, unreadable } = hostsAmong(due);
  for (const fields of [...switches.unreadable, ...unreadable])
    log.error('what is due can not be read', { fact: 'unreadable', ...fields });
  for (const host of hosts) {
    const fields = { host: host.name, incidentId: host.incident?.id, status: host.incident?.status };
    if (host.incident?.status === 'stopped') {
      log.warn('an incident is stopped until a person has looked', { fact: 'stopped', ...fields });
      continue;
    }
    if (host.incident !== null) log.warn('pushing on an overdue incident', { fact: 'overdue', ...fields });
    else log.warn('pushing on what is overdue for a host', { fact: 'care-overdue', ...careOf(host) });
    await sendCommands(services, host).catch((error: unknown) => failures.push(error));
  }
  // Hosts first: an instance or a process can wait.
  failures.push(...(await pushOnOthers(services, overdueMs)));
  if (failures.length > 0) throw failures[0];
  return hosts.length;
}

const careOf = ({ name, returning, maintenance }: HostState) => ({
  host: name,
  returning: returning?.status ?? null,
  maintenance: maintenance?.status ?? null,
});

async function giveBeat({ state, policy, clock }: Services): Promise<void> {
  const before = await loadBeat(state);
  try {
    await state.transact([beatWrite(before, nextBeat(before?.value ?? null, policy.settling, clock.now()))]);
  } catch (error) {
    // Another run has given it.
    if (!(error instanceof ConflictError)) throw error;
  }
}

export const handler = scheduledHandler('sweep', sweep);
