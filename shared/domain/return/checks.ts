import { fenceLevelsOf } from '../fence-device.ts';
import { levelToSwitchOn } from '../fence-levels.ts';
import { isMaintenance } from '../gates/of-host.ts';
import type { HostState } from '../host.ts';
import type { Policy, Segment } from '../policy.ts';
import { countingDownClaims } from '../reports.ts';
import { keptAnswerCountsMs } from '../slow-agents.ts';
import { NOVA_REPORTER } from '../watch.ts';
import type { Check, CheckName, Returning, ReturnSight } from './returning.ts';

/** So often a host is powered on that stays off. */
const MAX_POWER_ONS = 3;
/** A device may take so long from its answer to the power. */
const POWER_ON_TAKES_MS = 60_000;

/** What the checks are asked under. */
export interface ReturnRules {
  readonly policy: Policy;
  /** Null for a host that no segment holds. */
  readonly segment: Segment | null;
}

export const check = (name: CheckName, open: boolean, because: string): Check => ({ check: name, open, because });
export const isShut = ({ open }: Check): boolean => !open;

type Asked = Pick<HostState, 'name' | 'claims' | 'ours' | 'lastIncident' | 'serviceId'>;

/** Whether the host may be touched at all. Who asks for it by name may have it back from anywhere. */
export function askWhetherTouched(
  host: Asked,
  returning: Returning,
  sight: ReturnSight,
  { policy, segment }: ReturnRules,
): readonly Check[] {
  const isAskedFor = returning.askedFor !== null;
  return [
    armedCheck(sight),
    ...protectedChecks(segment, returning, sight, isAskedFor),
    inServiceCheck(host, sight, policy, isAskedFor),
    quarantineCheck(returning, sight),
    evacuationsCheck(host, sight, segment),
    ...powerOffChecks(host, sight),
  ];
}

const armedCheck = ({ halted }: ReturnSight): Check =>
  check('armed', halted === null, halted ?? 'nobody has switched salvor off, and nothing has stopped the segment');

/** Nothing is asked of a host that was in no segment before its maintenance. */
function protectedChecks(
  segment: Segment | null,
  { segment: own }: Returning,
  { segments }: ReturnSight,
  waived: boolean,
): readonly Check[] {
  if (own === null) return [];
  if (segment === null) return [check('protected', waived, `the policy has no segment ${own} any more`)];
  const names = segments.join(', ') || 'none';
  const because = `segments that hold it now: ${names}; its own: ${own}, in mode ${segment.mode}`;
  const isHeld = segments.length === 1 && segments[0] === own && segment.mode === 'enforce';
  return [check('protected', isHeld || waived, because)];
}

/**
 * A service that somebody else has disabled is in his hands; whoever asks by name gets it back as it is.
 * @param keeping the policy whose reserved hosts may be forced up; null: no power action on a host that is disabled (S2)
 */
function inServiceCheck({ ours }: Asked, { service }: ReturnSight, keeping: Policy | null, waived: boolean): Check {
  if (service === null || service.status === 'enabled') return check('in-service', true, 'its service is enabled');
  const reason = service.disabledReason ?? 'no reason given';
  if (ours?.disabled !== undefined && service.disabledReason === ours.disabled)
    return check('in-service', true, `salvor itself has disabled it (${reason})`);
  if (!isMaintenance(service)) return check('in-service', true, `its service has disabled itself (${reason})`);
  if (keeping !== null && isKept(reason, keeping))
    return check('in-service', true, `it is kept for failures (${reason}): it stays disabled`);
  const because = `somebody has disabled its service (${reason})`;
  return check('in-service', waived, `${because}: ${waived ? 'it stays so' : 'taken as maintenance'}`);
}

/** By its reason it sleeps as a reserved host, which is not in anybody's hands. */
const isKept = (reason: string, { segments }: Policy): boolean =>
  segments.some(
    ({ destinations: { reservedHosts, reservedReason } }) =>
      reservedHosts !== undefined && reason.includes(reservedReason),
  );

function quarantineCheck({ quarantine, askedFor }: Returning, { atMs }: ReturnSight): Check {
  if (quarantine === null) return check('not-quarantined', true, 'it has not failed too often');
  const { failures, untilMs } = quarantine;
  const until = untilMs === null ? 'until a person asks for it' : `until ${new Date(untilMs).toISOString()}`;
  const isOver = askedFor !== null || (untilMs !== null && untilMs <= atMs);
  return check('not-quarantined', isOver, `it has failed ${failures} times within the policy's time: ${until}`);
}

/** S1, S6: what was asked of Nova without an answer may yet show, for as long as the settle time. */
function evacuationsCheck(
  { lastIncident, ours }: Asked,
  { atMs, running }: ReturnSight,
  segment: Segment | null,
): Check {
  if (running > 0) return check('evacuations-ended', false, `Nova works on ${running} evacuations of it`);
  const settleMs = ours?.forcedDownAtMs === undefined ? 0 : (segment?.evacuation.settleSeconds ?? 0) * 1000;
  const sinceMs = atMs - (lastIncident?.endedAtMs ?? 0);
  const because = `Nova works on no evacuation of it; its last incident ended ${secondsOf(sinceMs)} s ago, and ${secondsOf(settleMs)} s are waited for`;
  return check('evacuations-ended', sinceMs >= settleMs, because);
}

/** S2: a slow fence agent that was told to switch it off may still do so, to a host that is back. Nobody waives that. */
function powerOffChecks({ ours }: Asked, { atMs }: ReturnSight): readonly Check[] {
  const untilMs = ours?.offMayRunUntilMs;
  if (untilMs === undefined) return [];
  const until = new Date(untilMs).toISOString();
  const isOver = atMs >= untilMs;
  const because = isOver
    ? `no power-off of it runs on since ${until}`
    : `a slow power-off of it may run until ${until}`;
  return [check('power-off-ended', isOver, because)];
}

/** Whether salvor may switch it on: S2 is waived by nobody. */
export function askWhetherPoweredOn(
  host: Asked,
  returning: Returning,
  sight: ReturnSight,
  rules: ReturnRules,
): readonly Check[] {
  const { segment } = rules;
  const { persons, askedFor, powerOns, poweredOnAtMs } = returning;
  const { towards, deviceFault, atMs } = sight;
  const sinceMs = atMs - (poweredOnAtMs ?? 0);
  const tried = `it was powered on ${powerOns} times${poweredOnAtMs === null ? '' : `, ${secondsOf(sinceMs)} s ago`}`;
  return [
    armedCheck(sight),
    ...protectedChecks(segment, returning, sight, false),
    inServiceCheck(host, sight, null, false),
    quarantineCheck(returning, sight),
    evacuationsCheck(host, sight, segment),
    ...powerOffChecks(host, sight),
    check('not-awaited-elsewhere', towards === 0, `Nova works on ${towards} evacuations towards it`),
    check('no-person', persons === 0 || askedFor !== null, `a person has ${persons} of its instances in hand`),
    check('own-device', deviceFault === null, deviceFault ?? 'its fence device is its own'),
    switchableCheck(host, sight, rules),
    check(
      'starts',
      powerOns < MAX_POWER_ONS && (poweredOnAtMs === null || sinceMs >= POWER_ON_TAKES_MS),
      `${tried}; its power is off`,
    ),
  ];
}

/** By which of its fencing levels it is switched on; undefined when that is not salvor's to do. */
export function switchOnLevel(
  { name, ours }: Asked,
  { power }: ReturnSight,
  { policy }: ReturnRules,
): number | undefined {
  return power === null ? undefined : levelToSwitchOn(power, fenceLevelsOf(policy, name), ours?.switchedOff ?? []);
}

function switchableCheck(host: Asked, sight: ReturnSight, rules: ReturnRules): Check {
  const level = switchOnLevel(host, sight, rules);
  if (level === undefined)
    return check('switchable', false, 'what reads off are outlets that salvor has not switched off: somebody else has');
  const ageMs = sight.atMs - (sight.power?.askedAtMs ?? sight.atMs);
  const goodMs = keptAnswerCountsMs(fenceLevelsOf(rules.policy, host.name).flat());
  if (ageMs > goodMs)
    return check(
      'switchable',
      false,
      `its power was asked for ${secondsOf(ageMs)} s ago, which counts for ${secondsOf(goodMs)} s: it is asked for anew`,
    );
  return check('switchable', true, `its fencing level ${level + 1} reads off`);
}

/** Whether it is well: asked at each look for as long as the policy wants. */
export function askWhetherWell(host: Asked, sight: ReturnSight, { policy, segment }: ReturnRules): readonly Check[] {
  const { service, newestReportAtMs, uncleaned, power } = sight;
  const heardAtMs = service?.lastReportAtMs ?? null;
  const silentMs = heardAtMs === null ? null : newestReportAtMs - heardAtMs;
  // What it said before its incident ended, or what salvor changed of its service in it, says nothing of how it is now.
  const isNews = heardAtMs !== null && heardAtMs > (host.lastIncident?.endedAtMs ?? 0);
  const reports = isNews && silentMs !== null && silentMs <= policy.watch.staleSeconds * 1000;
  const silence =
    silentMs === null
      ? 'Nova has never heard of its nova-compute'
      : `nova-compute was heard of ${secondsOf(silentMs)} s before the newest report of any${isNews ? '' : ', and not since its last incident ended'}`;
  return [
    check('reports', reports, power === null || reports ? silence : `${silence}; its power is ${power.power}`),
    check('cleaned', uncleaned === 0, `${uncleaned} evacuations of it are done, and not completed by its nova-compute`),
    notSaidDownCheck(host, sight, segment),
  ];
}

/** Nova's own list is read anyhow, and says nothing of a service that is forced down. */
function notSaidDownCheck({ claims }: Asked, { atMs }: ReturnSight, segment: Segment | null): Check {
  const ttlSeconds = segment?.reporters.claimTtlSeconds ?? 900;
  const down = countingDownClaims(claims, ttlSeconds, atMs).filter((reporter) => reporter !== NOVA_REPORTER);
  return check(
    'not-said-down',
    down.length === 0,
    down.length === 0 ? 'nobody says that it is down' : `${down.join(', ')} say that it is down`,
  );
}

const secondsOf = (ms: number): number => Math.round(ms / 1000);

/** Whether its nova-compute is heard of. */
export const isHeard = (checks: readonly Check[]): boolean =>
  checks.some((each) => each.check === 'reports' && each.open);
