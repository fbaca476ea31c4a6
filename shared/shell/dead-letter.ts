import { QUEUES, type QueueMessage, type QueueName } from '#events/catalog.ts';
import type { EvacuateInstance, MaintainHost, ReturnHost, StepCommand } from '#events/commands.ts';
import { grantedNumber } from '#shared/domain/task.ts';
import type { StateReader } from '#shared/ports.ts';
import { loadHost } from '#shared/state/hosts.ts';
import { loadInstance } from '#shared/state/instances.ts';
import { loadOutcome } from '#shared/state/operator-log.ts';
import { loadProcesses } from '#shared/state/processes.ts';
import { loadTask } from '#shared/state/tasks.ts';

/** What would become of a dead letter that is sent back now. */
export interface Verdict {
  /** What it asks for, for people. */
  readonly about: string;
  /** Why nothing would come of it: its step was taken, or its incident has ended. */
  readonly voidBecause: string | null;
}

/** Asks the state, as the receiver would. */
export async function judgeLetter(state: StateReader, queue: QueueName, body: string): Promise<Verdict> {
  const parsed = QUEUES[queue].schema.safeParse(jsonOf(body));
  if (!parsed.success) return { about: 'not a message of this queue: it would be parked', voidBecause: null };
  const message = parsed.data as QueueMessage;
  switch (message.type) {
    case 'disarm':
    case 'arm':
    case 'release':
    case 'dismiss':
    case 'confirm-off':
    case 'return':
    case 'maintenance-on':
    case 'maintenance-off': {
      const outcome = await loadOutcome(state, message.id);
      return {
        about: `${message.type} by ${message.by}, asked for at ${message.time}`,
        voidBecause: outcome === undefined ? null : `it was ${outcome.type} already: ${outcome.said}`,
      };
    }
    case 'host.down':
    case 'host.up':
    case 'host.heartbeat':
    case 'host.dumping':
    case 'instance.down':
    case 'process.down':
    case 'process.up':
      return {
        about: `${message.type} of ${message.data.host} by ${message.source}, ${message.time}`,
        voidBecause: null,
      };
    case 'hear-again':
      return { about: 'a report that was a dead letter before', voidBecause: null };
    case 'watch-hosts':
      return { about: 'a look at the hosts', voidBecause: 'others were due since' };
    case 'worker-answer':
      return { about: 'what a fence worker answered', voidBecause: 'nobody waits for it any more' };
    case 'recover-instance': {
      const { incident } = (await loadInstance(state, message.instanceId)).value;
      return judgeStep({ id: message.incidentId, tick: message.tick }, `instance ${message.instanceId}`, incident);
    }
    case 'recover-process': {
      const { incident } = (await loadProcesses(state, message.hostKey)).value;
      const { incidentId: id, tick } = message;
      return judgeStep({ id, tick }, `the processes of ${incident?.host ?? message.hostKey}`, incident);
    }
    default:
      return judgeCommand(state, message);
  }
}

/** A step is told from its repeat by its tick. */
function judgeStep(
  { id, tick }: { readonly id: string; readonly tick: number },
  of: string,
  open: { readonly id: string; readonly tick: number; readonly status: string } | null | undefined,
  what: 'incident' | 'return' | 'maintenance' = 'incident',
): Verdict {
  const about = what === 'incident' ? `step ${tick} of ${of}` : `step ${tick} of the ${what} of ${of}`;
  if (open?.id !== id) return { about, voidBecause: `its ${what} has ended` };
  return tick === open.tick
    ? { about: `${about}, which is ${open.status}`, voidBecause: null }
    : { about, voidBecause: `its step was taken: the ${what} is ${open.status}, at step ${open.tick}` };
}

type HostCommand = StepCommand | EvacuateInstance | ReturnHost | MaintainHost;

async function judgeCommand(state: StateReader, command: HostCommand): Promise<Verdict> {
  const host = (await loadHost(state, command.hostKey))?.value;
  const name = host?.name ?? command.hostKey;
  const verdict = (about: string, voidBecause: string | null): Verdict => ({ about, voidBecause });
  if (command.type === 'evacuate-instance') {
    const about = `attempt ${command.attempt} for instance ${command.instanceId} of ${name}`;
    if (host?.incident?.id !== command.incidentId) return verdict(about, 'its incident has ended');
    const progress = (await loadTask(state, command.incidentId, command.instanceId))?.value.progress;
    const granted = progress !== undefined && grantedNumber(progress) === command.attempt;
    return verdict(
      about,
      granted ? null : `the task is ${progress?.status ?? 'gone'}: the attempt is over or was sent`,
    );
  }
  if (command.type === 'return-host' || command.type === 'maintain-host') {
    const isReturn = command.type === 'return-host';
    const id = isReturn ? command.returnId : command.maintenanceId;
    const open = isReturn ? host?.returning : host?.maintenance;
    return judgeStep({ id, tick: command.tick }, name, open, isReturn ? 'return' : 'maintenance');
  }
  return judgeStep({ id: command.incidentId, tick: command.tick }, name, host?.incident);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
