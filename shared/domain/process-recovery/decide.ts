import { backoffMs } from '../backoff.ts';
import { isMaintenance } from '../gates/of-host.ts';
import { isTakenOver } from '../instance-recovery/holds.ts';
import type { Segment } from '../policy.ts';
import type { ProcessRecovery } from '../policy-instances.ts';
import { isNovaCompute } from './first.ts';
import type { Disabling, Enabling, ProcessesState, ProcessFact, ProcessIncident, ProcessOutcome } from './process.ts';
import { disableReason, isBySalvor } from './reason.ts';
import { matches } from './reports.ts';
import type { ProcessSight } from './sight.ts';

/** A tick may arrive this much early: delays of SQS are whole seconds. */
const EARLY_MS = 999;
/** The function that has asked answers within its time, 60 s. */
const ANSWER_DUE_MS = 75_000;
const LOOK_MS = 10_000;
/** One that lasts is looked at less often. */
const LASTING_MS = 600_000;
const LASTING_LOOK_MS = 60_000;
const RETRY = { retryBaseSeconds: 10, retryMaxSeconds: 300 };
/**
 * A report of nova-compute to Nova that is this much newer than the word that it has stopped refutes it: clocks differ. As much
 * newer than salvor's own disabling, since Nova tells when the record was written last, whoever has (decision 0021).
 */
const CLOCKS_MS = 30_000;

export type ProcessesIn = ProcessesState & { readonly incident: ProcessIncident };
type Service = NonNullable<ProcessSight['service']>;

/**
 * A host whose processes have stopped is due for a look. Pure in the sight, so that it can be decided again from the audit.
 */
export function decideProcess(
  { incident }: ProcessesIn,
  sight: ProcessSight | { readonly outage: string },
  segment: Segment,
  nowMs: number,
  random: number,
): readonly ProcessFact[] {
  const nextLookAtMs = nowMs + (nowMs - incident.openedAtMs < LASTING_MS ? LOOK_MS : LASTING_LOOK_MS);
  const look: readonly ProcessFact[] = [{ type: 'process-looked', nextLookAtMs }];
  if (incident.dueAtMs - nowMs > EARLY_MS) return [{ type: 'process-looked', nextLookAtMs: incident.dueAtMs }];
  const hold = (because: string): readonly ProcessFact[] =>
    incident.heldBy === because ? look : [{ type: 'process-held', because, atMs: nowMs, nextLookAtMs }];
  const close = (outcome: ProcessOutcome, because: string): readonly ProcessFact[] => [
    { type: 'process-incident-closed', outcome, because, atMs: nowMs },
  ];
  const recovery = segment.processRecovery;
  if (recovery === undefined) return close('left', `the policy does not recover processes any more${asItIs(incident)}`);
  if ('outage' in sight) return hold(sight.outage);
  const { service, segments } = sight;
  if (service === null) return close('left', 'Nova knows no nova-compute service of the host');
  if (segments.length !== 1 || segments[0] !== segment.name)
    return close('left', `segments that hold it now: ${segments.join(', ') || 'none'}${asItIs(incident)}`);

  const down = stillDown(incident, service);
  if (incident.status === 'disabling' || incident.status === 'enabling') {
    const settled = settle(incident, service, nowMs, nextLookAtMs, random);
    if (settled !== undefined) return settled;
  }
  const theirs = whoseNow(incident, service);
  if (theirs !== undefined) return close('left', theirs);
  const kept = whyKept(sight, service);
  const next: Next = { incident, service, segment, recovery, kept, nowMs, nextLookAtMs, look, hold, close };
  return down.length === 0 ? whenWell(next) : whileDown(next, down);
}

interface Next {
  readonly incident: ProcessIncident;
  readonly service: Service;
  readonly segment: Segment;
  readonly recovery: ProcessRecovery;
  /** Why nothing may be asked of the outside. */
  readonly kept: string | undefined;
  readonly nowMs: number;
  readonly nextLookAtMs: number;
  readonly look: readonly ProcessFact[];
  readonly hold: (because: string) => readonly ProcessFact[];
  readonly close: (outcome: ProcessOutcome, because: string) => readonly ProcessFact[];
}

const asItIs = ({ status }: ProcessIncident): string =>
  status === 'disabled' || status === 'enabling' ? '; its service stays disabled' : '';

/** By their names. nova-compute shows by itself that it runs again; of all others somebody must say so. */
const stillDown = ({ down, disabledAtMs = 0 }: ProcessIncident, service: Service): readonly string[] =>
  Object.entries(down)
    .filter(([name, { saidMs }]) => {
      const newerThanMs = Math.max(saidMs, disabledAtMs) + CLOCKS_MS;
      const reported = service.state === 'up' && (service.lastReportAtMs ?? 0) > newerThanMs;
      return !(isNovaCompute(name) && reported && !service.forcedDown);
    })
    .map(([name]) => name);

/** Whether what Nova was asked for shows; undefined when it is to be asked (again). */
function settle(
  incident: Disabling | Enabling,
  { status, disabledReason }: Service,
  atMs: number,
  nextLookAtMs: number,
  random: number,
): readonly ProcessFact[] | undefined {
  if (incident.status === 'enabling') {
    if (incident.wellSinceMs === null)
      return [{ type: 'processes-down-again', because: 'a process has stopped again', atMs, nextLookAtMs: atMs }];
    if (status === 'enabled')
      return [{ type: 'process-incident-closed', outcome: 'recovered', because: 'everything runs again', atMs }];
    if (!isBySalvor(disabledReason)) return undefined;
  } else {
    if (status === 'disabled' && isBySalvor(disabledReason))
      return [{ type: 'scheduling-off', reason: disabledReason ?? incident.reason, atMs, nextLookAtMs }];
    if (status === 'disabled') return undefined;
  }
  // Asked again, when its pause is over.
  if (incident.heldBy !== null) return undefined;
  const retryAtMs = atMs + backoffMs(incident.failures, RETRY, random);
  return [{ type: 'service-change-failed', because: `Nova has its service ${status} still`, retryAtMs }];
}

/** Somebody else has the host in hand, in words; undefined when nobody has. */
function whoseNow({ status }: ProcessIncident, service: Service): string | undefined {
  if (status === 'watching') return undefined;
  if (status === 'disabling')
    return service.status === 'disabled' ? `somebody has disabled it (${service.disabledReason})` : undefined;
  if (service.status === 'enabled') return 'somebody has enabled it';
  return isBySalvor(service.disabledReason)
    ? undefined
    : `it is disabled for another reason now: ${service.disabledReason ?? 'none given'}`;
}

/** A host that is suspected or being recovered, or in an operator's hands, is not touched for its processes. */
function whyKept({ hostIncident, halted }: ProcessSight, service: Service): string | undefined {
  if (hostIncident !== null) return `the host has an incident, which is ${hostIncident}`;
  if (isMaintenance(service))
    return `its service is disabled (${service.disabledReason ?? 'no reason given'}): maintenance`;
  if (service.forcedDown) return 'Nova has it forced down';
  return halted ?? undefined;
}

function whenWell({
  incident,
  service,
  recovery,
  kept,
  nowMs,
  nextLookAtMs,
  look,
  hold,
  close,
}: Next): readonly ProcessFact[] {
  const because = 'no process is said to be down any more';
  if (incident.wellSinceMs === null) {
    const heardAtMs = Object.keys(incident.down).some(isNovaCompute) ? service.lastReportAtMs : null;
    return [{ type: 'processes-well', because, heardAtMs, atMs: nowMs, nextLookAtMs }];
  }
  if (nowMs - incident.wellSinceMs < recovery.wellSeconds * 1000) return look;
  // Heard of once may be somebody's change of the service. Who runs is heard of again.
  const { heardAtMs = null } = incident;
  if (heardAtMs !== null && (service.lastReportAtMs ?? 0) <= heardAtMs) return look;
  if (incident.status === 'watching' && !(service.status === 'disabled' && isBySalvor(service.disabledReason)))
    return close('recovered', because);
  if (recovery.enable === 'by-hand') return close('recovered', `${because}; it is for a person to enable it`);
  if (kept !== undefined) return hold(kept);
  if (service.state === 'down') return hold('Nova does not see the host up');
  if (incident.status === 'watching') return adopt(service, nowMs, nextLookAtMs);
  return [{ type: 'enable-intended', atMs: nowMs, dueAtMs: nowMs + ANSWER_DUE_MS }];
}

function whileDown(next: Next, down: readonly string[]): readonly ProcessFact[] {
  const { incident, service, segment, recovery, kept, nowMs, nextLookAtMs, look, hold, close } = next;
  if (incident.wellSinceMs !== null)
    return [{ type: 'processes-down-again', because: down.join(', '), atMs: nowMs, nextLookAtMs }];
  const weighty = down.filter((name) => matches(name, recovery.disable));
  if (weighty.length > 0 && incident.status !== 'disabled') {
    if (service.status === 'disabled' && isBySalvor(service.disabledReason)) return adopt(service, nowMs, nextLookAtMs);
    // nova-compute disables itself when it has lost libvirt: it is left at that.
    if (service.status === 'enabled') {
      if (kept !== undefined) return hold(kept);
      const reason = disableReason(weighty);
      if (segment.mode === 'shadow') return close('shadow', `shadow mode: it would be disabled now (${reason})`);
      return [{ type: 'disable-intended', reason, atMs: nowMs, dueAtMs: nowMs + ANSWER_DUE_MS }];
    }
  }
  const restart = kept === undefined && segment.mode === 'enforce' ? dueRestart(next, down) : undefined;
  if (restart !== undefined) return [restart];
  const { escalateAfterSeconds } = recovery;
  const isLong = escalateAfterSeconds !== undefined && nowMs - incident.openedAtMs >= escalateAfterSeconds * 1000;
  const isNews = incident.escalatedAtMs === null && !service.forcedDown;
  if (isLong && weighty.length > 0 && isNews)
    return [{ type: 'escalated', because: hostWord(weighty, escalateAfterSeconds), atMs: nowMs, nextLookAtMs }];
  return kept === undefined ? look : hold(kept);
}

const hostWord = (down: readonly string[], seconds: number): string =>
  `${down.join(', ')} down for more than ${seconds} s`;

/** What salvor has disabled before is taken on. */
const adopt = ({ disabledReason }: Service, atMs: number, nextLookAtMs: number): readonly ProcessFact[] => [
  { type: 'scheduling-off', reason: disabledReason ?? '', atMs, nextLookAtMs },
];

function dueRestart({ incident, recovery, nowMs }: Next, down: readonly string[]): ProcessFact | undefined {
  for (const process of down) {
    const claim = incident.down[process];
    if (claim === undefined || !matches(process, recovery.restart)) continue;
    const isDue = nowMs - claim.restartedAtMs >= recovery.restartEverySeconds * 1000;
    if (claim.restarts >= recovery.restartAttempts || !isDue) continue;
    const attempt = claim.restarts + 1;
    return { type: 'restart-intended', process, attempt, atMs: nowMs, dueAtMs: nowMs + ANSWER_DUE_MS };
  }
  return undefined;
}

/**
 * What is said of the host itself, as one reporter among others: that it is down, for as long as the escalation lasts and
 * nobody has it in hand; once that it is up, when everything runs again. Nothing, unless the policy escalates.
 */
export function wordOnHost(
  before: ProcessesState,
  after: ProcessesState,
  sight: ProcessSight | { readonly outage: string },
): { readonly says: 'down' | 'up'; readonly because: string } | undefined {
  if (before.incident?.escalatedAtMs == null && after.incident?.escalatedAtMs == null) return undefined;
  const was = before.incident?.escalatedAtMs != null && before.incident.wellSinceMs === null;
  const isDown = after.incident !== null && after.incident.wellSinceMs === null;
  const names = Object.keys((after.incident ?? before.incident)?.down ?? {}).join(', ');
  if (isDown)
    return isInHand(sight) ? undefined : { says: 'down', because: `stopped, and not running again: ${names}` };
  const endsWell = after.incident !== null || after.lastIncident?.outcome === 'recovered';
  return was && endsWell ? { says: 'up', because: 'its processes run again' } : undefined;
}

/** It is being recovered, or was: what its processes did before is no news of it. */
const isInHand = (sight: ProcessSight | { readonly outage: string }): boolean =>
  !('outage' in sight) && (isTakenOver(sight.hostIncident) || sight.service?.forcedDown === true);
