import type { EvacuateInstance, StepCommand } from '#events/commands.ts';
import type { Claim } from '#shared/domain/host.ts';
import type { ComputeService, Server } from '#shared/ports.ts';
import { hostItemKey } from '#shared/state/hosts.ts';
import { hostOf, isUnderWay } from './cloud.ts';
import { isDisarmed } from './commits.ts';
import type { Draft } from './draft.ts';
import { incidentIn } from './normal.ts';
import type { Caller } from './outside.ts';
import type { Item } from './state.ts';

/**
 * The invariants of design.md, section 3, as they can be told from the outside: by what is really on, runs and
 * was asked for. Only the last group looks at salvor's own records.
 */
export const INVARIANTS = {
  'one-place': 'an instance never runs on two hosts (S1)',
  proof:
    'no evacuate request without a proof of this incident, a host that is off, and Nova having it forced down (S1)',
  power: 'no power-off of a host that is in maintenance, not protected, or seen up (S2)',
  'one-incident': 'at most one open incident per host (S3)',
  'one-evacuation': 'never two evacuations of one instance under way (S4)',
  disarmed: 'nothing is asked of the outside that changes anything there while salvor is switched off',
  storm: 'never more hosts with a ticket than the storm limits allow (S5)',
  audit: 'each transition has its record, and each action its intent before it (A1)',
  ending: 'an incident closes only when every instance of its host has its outcome (L1)',
  defect: 'no function fails unless something around it failed',
  liveness: 'from every state, once faults stop, every incident ends (L1)',
} as const;
export type Invariant = keyof typeof INVARIANTS;

/** What this invocation was last told when it asked so. */
function lastTold<T>({ run }: Caller, call: string): T | undefined {
  const record = run.records.findLast(({ key }) => key.startsWith(call));
  return record !== undefined && 'value' in record.result ? (record.result.value as T) : undefined;
}

/** An action must have had its intent committed, and only one action follows from one intent. */
function useIntent(draft: Draft, action: string): void {
  const intents = { ...draft.cloud.asked };
  const left = (intents[action] ?? 0) - 1;
  if (left < 0) draft.breach('audit', `${action} without an intent on record`);
  if (left > 0) intents[action] = left;
  else delete intents[action];
  draft.cloud = { ...draft.cloud, asked: intents };
}

const bodyOf = <T>({ message }: Caller): T => message?.body as T;

export function checkPowerOff(draft: Draft, host: string, caller: Caller): void {
  useIntent(draft, `power-off ${host}`);
  const { hostKey } = bodyOf<StepCommand>(caller);
  const incident = incidentIn(draft.item(hostItemKey(hostKey)));
  const told = lastTold<readonly ComputeService[]>(caller, 'services ')?.find((each) => each.host === host);
  if (told === undefined) {
    draft.breach('power', `${host} is powered off, and Nova was not asked about it`);
    return;
  }
  // Once evacuations may have left, it is kept off whatever is said.
  if (typeof incident?.evacuatingSinceMs === 'number') return;
  if (told.status !== 'enabled') draft.breach('power', `${host} is powered off in maintenance`);
  if (told.zone !== 'nova') draft.breach('power', `${host} is powered off, but no segment protects it`);
  const released = incident?.release?.gates.includes('nova-sees-it-down') ?? false;
  if (told.state === 'up' && !released) draft.breach('power', `${host} is powered off while Nova sees it up`);
}

export function checkForceDown(draft: Draft, host: string, _: Caller): void {
  useIntent(draft, `force-down ${host}`);
  const { power, readOffAtMs, switchedOn } = hostOf(draft.cloud, host);
  // Somebody may switch it on after the intent was committed, and another step may see that.
  if ((readOffAtMs === null || power === 'on') && !switchedOn)
    draft.breach('proof', `${host} is forced down, but was not read as off`);
}

/** When the request left, in Unix ms: how long it was on its way is not its sender's. */
const leftAtMs = ({ run }: Caller): number => Math.max(...run.records.map(({ atMs }) => atMs));

export function checkEvacuate(draft: Draft, message: EvacuateInstance, caller: Caller): void {
  const { hostKey, incidentId, instanceId } = message;
  useIntent(draft, `evacuate ${instanceId}`);
  const host = String(draft.item(hostItemKey(hostKey))?.body.name);
  const opened = draft.item({ partition: 'incidents', sort: incidentId })?.body.openedAtMs;
  const { power, readOffAtMs, switchedOn, forcedDown } = hostOf(draft.cloud, host);
  const because = `an evacuate request leaves for an instance of ${host}`;
  // What was read as on since the intent was committed, somebody else has switched on behind it.
  if (readOffAtMs === null && !switchedOn) draft.breach('proof', `${because}, which was not read as off`);
  if (readOffAtMs !== null && readOffAtMs < Number(opened))
    draft.breach('proof', `${because}, whose proof is older than the incident`);
  const ageSeconds = readOffAtMs === null ? 0 : (leftAtMs(caller) - readOffAtMs) / 1000;
  if (ageSeconds > (caller.setting.policy.segments[0]?.fencing.proofMaxAgeSeconds ?? 0))
    draft.breach('proof', `${because}, whose power was read ${ageSeconds} s before`);
  // No reading holds off somebody else who switches it on behind it.
  if (power === 'on' && !switchedOn) draft.breach('proof', `${because}, which is on`);
  if (!forcedDown) draft.breach('proof', `${because}, which Nova has not forced down`);
  checkProof(draft, lastTold<Item>(caller, 'get [{"partition":"host#'), because);
  for (const guard of ['guard#global', 'guard#segment#']) {
    const call = `get [{"partition":"${guard}`;
    if (!caller.run.records.some(({ key }) => key.startsWith(call)))
      draft.breach('disarmed', `${because}, and its sender did not ask whether salvor is disarmed`);
    if (isDisarmed(lastTold<Item>(caller, call)?.body))
      draft.breach('disarmed', `${because}, though its sender read that salvor is disarmed`);
  }
  const { cloud } = draft;
  if (cloud.landings.some((each) => each.instanceId === instanceId))
    draft.breach('one-evacuation', `${because} while an earlier request may still be carried out`);
  const seenBusy = lastTold<Server>(caller, 'server ')?.taskState !== null;
  const running = cloud.migrations.find((each) => each.instanceId === instanceId && isUnderWay(each));
  if (running !== undefined && (running.ours || seenBusy))
    draft.breach('one-evacuation', `${because} while evacuation ${running.id} of it is under way`);
}

/** What its sender read last must hold a proof, from after the newest word that the host is up. */
function checkProof(draft: Draft, read: Item | undefined, because: string): void {
  const readAtMs = incidentIn(read)?.proof?.readAtMs;
  if (readAtMs === undefined) draft.breach('proof', `${because}, and its incident holds no proof`);
  const newerUp = ({ says, occurredAtMs, overruled }: Claim): boolean =>
    says === 'up' && occurredAtMs > (readAtMs ?? 0) && !overruled;
  const claims = Object.values((read?.body.claims ?? {}) as unknown as Record<string, Claim>);
  if (claims.some(newerUp)) draft.breach('proof', `${because}, which was reported up after its power was read as off`);
}

/** What must hold in every state, whatever led to it. */
export function checkState(draft: Draft): void {
  for (const [id, { runsOn }] of Object.entries(draft.cloud.instances)) {
    if (runsOn.length < 2) continue;
    // Somebody else who switches a host on that was proven off does what no fence can hold.
    const excused = runsOn.some((host) => hostOf(draft.cloud, host).switchedOn);
    if (!excused) draft.breach('one-place', `${id} runs on ${runsOn.join(' and ')}`);
  }
}
