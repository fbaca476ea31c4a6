import type { Within } from '../access.ts';
import { WATCHDOG } from '../device-survey.ts';
import type { Policy } from '../policy.ts';
import type { DeviceStanding, HostReadiness } from '../readiness.ts';
import { accountsOf, endingOf } from '../readiness-troubles.ts';
import type { Round } from '../rounds.ts';
import { lateRound } from './late-round.ts';
import { lasting, note, type Symptom, trouble } from './symptom.ts';

/** What the survey of fence devices has on record. */
export interface Surveyed {
  readonly readiness: readonly HostReadiness[];
  /** Undefined before the first run. */
  readonly round: Round | undefined;
  /** Names of the hosts that segments hold. */
  readonly held: readonly string[];
}

export function fencingSymptoms(
  { readiness, round, held }: Surveyed,
  { survey }: Policy,
  within: Within,
  nowMs: number,
): readonly Symptom[] {
  if (survey.everySeconds === 0)
    return [note('survey-late', 'salvor', 'fence devices are not asked beforehand: survey.everySeconds is 0')];
  const late = lateRound('survey-devices', round, survey.everySeconds, nowMs);
  const asked = readiness.filter(({ state }) => state !== 'not-asked');
  const known = new Set(asked.map(({ host }) => host));
  return [
    ...(late === undefined ? [] : [trouble('survey-late', 'salvor', late)]),
    ...asked.flatMap((each) => ofHost(each, within, nowMs)),
    ...held.filter((host) => !known.has(host)).map((host) => note('not-asked', host, 'its turn has not come yet')),
  ];
}

function ofHost(readiness: HostReadiness, within: Within, nowMs: number): readonly Symptom[] {
  const { host, state, because, sinceMs, outOfService, devices } = readiness;
  // In maintenance it would not be fenced.
  const say = outOfService ? note : trouble;
  const hasNone = devices.some((each) => each.trouble === 'no-device');
  const said = `${because} (for ${lasting(nowMs - sinceMs)}${lastGood(devices, nowMs)})`;
  return [
    ...(state === 'not-ready' ? [say(hasNone ? 'no-device' : 'not-fenceable', host, said)] : []),
    ...(state === 'degraded' ? [say('degraded', host, said)] : []),
    ...devices
      .filter((each) => each.trouble === 'credentials-refused')
      .map((each) => say('credentials-refused', host, `${each.address}: ${each.because}`)),
    ...endingOf(readiness, within.certificateDays, nowMs).map((ending) => say('certificate', host, ending)),
    ...accountsOf(readiness, within.credentialDays, nowMs).map(({ says, isOver }) =>
      (isOver ? say : note)('credentials', host, says),
    ),
    ...devices.flatMap((each) => unbound(host, each)),
  ];
}

function lastGood(devices: readonly DeviceStanding[], nowMs: number): string {
  const good = devices.flatMap(({ lastGoodMs }) => lastGoodMs ?? []);
  return good.length === 0
    ? ', never good before'
    : `; good for the last time ${lasting(nowMs - Math.max(...good))} ago`;
}

function unbound(
  host: string,
  { address, trouble: wrong, bound, systemUuid, verdict }: DeviceStanding,
): readonly Symptom[] {
  if (wrong !== null || bound || verdict === 'good' || address === WATCHDOG) return [];
  const why = systemUuid === null ? 'tells no system UUID' : 'is bound once it has told the same system twice';
  return [note('unbound', host, `${address} ${why}; name its systemUuid in the policy`)];
}
