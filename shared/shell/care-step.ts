import type { MaintainHost, ReturnHost } from '#events/commands.ts';
import type { HostFact, HostState } from '#shared/domain/host.ts';
import { ConflictError, RetryableError } from '#shared/errors.ts';
import type { Delivery, Services } from '#shared/services.ts';
import { loadHost } from '#shared/state/hosts.ts';
import type { Loaded } from '#shared/state/items.ts';
import { commitHost, type Decided, sendCommands } from './step.ts';

const MAX_RACES = 8;

/** What is under way for a host beside an incident: its way back, or planned work. */
interface Open {
  readonly id: string;
  readonly tick: number;
}

/**
 * Takes one step of a return or a maintenance, as `takeStep` does of an incident: load, decide, commit, send.
 * @param openOf what of the host the message is about
 * @param take decides, and may commit and act more than once; it returns the host as last committed
 */
export async function takeCareStep<O extends Open>(
  { message, redelivered }: Delivery<ReturnHost | MaintainHost>,
  services: Services,
  openOf: (host: HostState) => O | null | undefined,
  take: (loaded: Loaded<HostState>, open: O) => Promise<Loaded<HostState>>,
): Promise<void> {
  const id = message.type === 'return-host' ? message.returnId : message.maintenanceId;
  for (let race = 0; race < MAX_RACES; race += 1) {
    const loaded = await loadHost(services.state, message.hostKey);
    const open = loaded && openOf(loaded.value);
    if (loaded === undefined || open?.id !== id) return;
    if (open.tick !== message.tick) {
      if (redelivered) await sendCommands(services, loaded.value);
      return;
    }
    try {
      const done = await take(loaded, open);
      await sendCommands(services, done.value);
      return;
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
    }
  }
  throw new RetryableError(`host ${message.hostKey} lost ${MAX_RACES} races`);
}

/**
 * Commits what became of an outside action. A lost race is decided again on the newer state: the outcome of an action is
 * never lost (A1), whether or not somebody still waits for it.
 */
export async function commitCareOutcome(
  services: Services,
  acted: Loaded<HostState>,
  decide: (host: HostState, nowMs: number) => Pick<Decided, 'facts' | 'basis'>,
): Promise<Loaded<HostState>> {
  let loaded = acted;
  for (let race = 0; race < MAX_RACES; race += 1) {
    try {
      return await commitHost(services, loaded, decide(loaded.value, services.clock.now()));
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error;
      loaded = (await loadHost(services.state, acted.value.key)) ?? acted;
    }
  }
  throw new RetryableError(`host ${acted.value.name} lost ${MAX_RACES} races`);
}

/** Commits facts of a return or a maintenance, and says what has become of it. Alarms look for `fact`: infra/cdk/incident-alarms.ts. */
export async function commitCare(
  services: Services,
  loaded: Loaded<HostState>,
  decided: Decided,
): Promise<Loaded<HostState>> {
  const committed = await commitHost(services, loaded, decided);
  logCare(services, loaded.value, committed.value, decided.facts);
  return committed;
}

function logCare({ log }: Services, before: HostState, after: HostState, facts: readonly HostFact[]): void {
  const { name: host, key: hostKey } = after;
  const [wasBack = 'none', isBack = 'none'] = [before.returning?.status, after.returning?.status];
  const [wasOut = 'none', isOut = 'none'] = [before.maintenance?.status, after.maintenance?.status];
  const fields = { host, hostKey, facts: facts.map(({ type }) => type) };
  if (wasBack !== isBack) log.info(`return of ${host}: ${wasBack} -> ${isBack}`, fields);
  if (wasOut !== isOut) log.info(`maintenance of ${host}: ${wasOut} -> ${isOut}`, fields);
}
