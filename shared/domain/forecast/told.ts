import { lasting } from '../doctor/symptom.ts';
import type { Policy } from '../policy.ts';
import type { Figure, Pace } from './pace.ts';
import type { Forecast, ForecastInstance } from './what-if.ts';

/** How many instances have each outcome. */
export type Counts = Readonly<Record<ForecastInstance['outcome'], number>>;

export function countsOf(instances: readonly ForecastInstance[]): Counts {
  const counts = { 'comes-back': 0, 'from-snapshot': 0, maybe: 0, stays: 0, 'not-protected': 0 };
  for (const { outcome } of instances) counts[outcome] += 1;
  return counts;
}

/** When the last of them is up, since the first report; null where nothing is evacuated. */
export function lastUpAtSeconds(instances: readonly ForecastInstance[]): number | null {
  const all = instances.flatMap(({ times }) => (times === null ? [] : [times.upAtSeconds]));
  return all.length === 0 ? null : all.reduce((last, each) => Math.max(last, each));
}

/** The whole of a forecast in one line. */
export function inShort(instances: readonly ForecastInstance[]): string {
  const counts = countsOf(instances);
  const restored = counts['from-snapshot'];
  const fromSnapshot = restored === 0 ? '' : `${restored} from a snapshot, `;
  const last = lastUpAtSeconds(instances) ?? 0;
  const when = last === 0 ? '' : `; the last is up about ${lasting(last * 1000)} after the first report`;
  return `${instances.length} instances: ${counts['comes-back']} come back, ${fromSnapshot}${counts.maybe} maybe, ${counts.stays} stay down, ${counts['not-protected']} not protected${when}`;
}

/** Which times were measured here, and which are assumed. */
export function countedWith({ hosts, instances }: Forecast, pace: Pace, policy: Policy): string {
  const rebuild = instances.some(({ outcome }) => outcome === 'from-snapshot')
    ? `; a disk made of a snapshot ${figure(pace.rebuildSeconds)}`
    : '';
  return `grace periods of ${graces(hosts, policy)}; ${novaDown(hosts, pace, policy)}fencing ${figure(pace.fencingSeconds)}; an evacuation ${evacuation(pace)}${rebuild}`;
}

function graces(hosts: Forecast['hosts'], { segments }: Policy): string {
  const own = new Set(hosts.map(({ segment }) => segment));
  const all = segments.filter(({ name }) => own.has(name)).map(({ graceSeconds }) => `${graceSeconds} s`);
  return [...new Set(all)].join(', ') || 'no segment';
}

/** Only where some of the hosts wait for it. */
const novaDown = (hosts: Forecast['hosts'], { novaDownSeconds }: Pace, { segments }: Policy): string =>
  segments.some(({ name, requireNovaDown }) => requireNovaDown && hosts.some(({ segment }) => segment === name))
    ? `Nova sees a host down after ${figure(novaDownSeconds)}; `
    : '';

const figure = ({ seconds: value, of }: Figure): string =>
  of === 0 ? `${value} s, assumed: none is on record` : `${value.toFixed(1)} s, the median of ${of}`;

function evacuation({ evacuationSeconds }: Pace): string {
  const [first] = evacuationSeconds;
  if (first === undefined || first.of === 0) return first === undefined ? '' : figure(first);
  return evacuationSeconds.map((each) => `${figure(each)} (${each.inFlight} or more in flight)`).join(', ');
}
