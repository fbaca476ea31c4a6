import type { Policy, Segment } from '../policy.ts';
import { allDevices } from '../policy-devices.ts';
import { note, type Symptom, trouble } from './symptom.ts';

/** Nova's `service_down_time` as shipped. */
const SERVICE_DOWN_SECONDS = 60;
/** Below this a host that only reboots is fenced: few come up sooner. */
const REBOOT_SECONDS = 120;
/** Twice Nova's `report_interval` as shipped. */
const STALE_SECONDS = 20;

/** What a policy says that is allowed, and may not be meant. @param hostsOf how many hosts a segment holds now */
export function policySymptoms(policy: Policy, hostsOf: (segment: string) => number): readonly Symptom[] {
  return [
    ...policy.segments.flatMap((segment) => ofSegment(segment, policy, hostsOf(segment.name))),
    ...ofWhole(policy),
  ];
}

function ofSegment(segment: Segment, policy: Policy, hosts: number): readonly Symptom[] {
  const { name, mode, minHealthyHosts, graceSeconds, reporters, requireNovaDown, instances } = segment;
  const sources =
    Object.keys(policy.reporters ?? {}).filter((each) => each !== 'nova').length + (policy.watch.nova ? 1 : 0);
  const said: Symptom[] = [];
  if (hosts === 0) said.push(trouble('policy', name, 'it holds no host'));
  else if (hosts <= minHealthyHosts)
    said.push(
      trouble(
        'policy',
        name,
        `minHealthyHosts ${minHealthyHosts} is never left of its ${hosts} hosts when one fails: every host is held`,
      ),
    );
  if (mode === 'shadow') said.push(note('policy', name, 'mode shadow: it decides and records, and touches nothing'));
  if (graceSeconds < REBOOT_SECONDS)
    said.push(
      note('policy', name, `graceSeconds ${graceSeconds}: a host that only reboots is fenced, unless it is up by then`),
    );
  if (requireNovaDown && graceSeconds < SERVICE_DOWN_SECONDS)
    said.push(
      note(
        'policy',
        name,
        `graceSeconds ${graceSeconds} and requireNovaDown: Nova sees a service down after ${SERVICE_DOWN_SECONDS} s as shipped`,
      ),
    );
  if (policy.reporters !== undefined && sources < reporters.required)
    said.push(
      note('policy', name, `reporters.required ${reporters.required}: the policy names ${sources}, Nova included`),
    );
  if (!instances.sharedInstanceStorage && !instances.allowRebuildFromImage)
    said.push(note('policy', name, 'sharedInstanceStorage is false: instances with a local disk are left alone'));
  return said;
}

function ofWhole({ settling, watch, failureDomains, observer, fenceDevices, survey }: Policy): readonly Symptom[] {
  const say = (says: string): Symptom => note('policy', 'policy', says);
  const said: Symptom[] = [];
  if (settling.pauseSeconds === 0)
    said.push(say('settling.pauseSeconds 0: it fences at once after a start, by what was true before'));
  if (watch.nova && watch.everySeconds > 0 && watch.staleSeconds < STALE_SECONDS)
    said.push(
      say(
        `watch.staleSeconds ${watch.staleSeconds}: services report each 10 s as shipped, so one late report is enough`,
      ),
    );
  if (failureDomains.hosts === undefined && failureDomains.aggregateMetadataKey === undefined)
    said.push(say('no failureDomains: a rack that fails is not told from hosts that fail together'));
  if (observer.devices === 0)
    said.push(say('observer.devices 0: whether salvor itself is cut off is not tried by other devices'));
  const devices = allDevices(fenceDevices);
  const open = devices.filter((each) => 'insecureTls' in each && each.insecureTls === true).length;
  if (open > 0)
    said.push(say(`insecureTls in ${open} entries of fenceDevices: whoever is in between reads the password`));
  const plain = devices.filter(
    (each) => 'url' in each && each.driver !== 'webhook' && each.url?.startsWith('http:') === true,
  ).length;
  if (plain > 0) said.push(say(`http: in ${plain} entries of fenceDevices: the password goes in the clear`));
  if (survey.everySeconds === 0 && devices.some(({ systemUuid }) => systemUuid === undefined))
    said.push(say('survey.everySeconds 0 and no systemUuid: the first contact with a device is the fencing itself'));
  return said;
}
