/** Something that `salvor doctor` has found. */
export interface Symptom {
  /** `trouble`: somebody should do something. `note`: somebody should know it. */
  readonly level: 'trouble' | 'note';
  readonly what: What;
  /** The host, the queue, the segment; `salvor` for the whole of it. */
  readonly about: string;
  readonly says: string;
}

/** Every kind, with what it means: the table in docs/looking.md. */
export const WHAT = {
  'not-fenceable': 'none of its levels would fence the host',
  degraded: 'one of several levels would not fence the host',
  'credentials-refused': 'a fence device, or Keystone, does not take the account',
  credentials: 'credentials end soon, or must be changed',
  certificate: 'a certificate ends soon',
  'no-device': 'the policy names no fence device for the host',
  unbound: 'nothing binds a fence device to its host yet',
  'not-asked': 'the fence devices of the host were not asked yet',
  'survey-late': 'the survey of fence devices does not come round',
  unprotected: 'no segment holds the host, or several do',
  capacity: 'a segment has no room for a host that fails',
  'forecast-late': 'the instances of the hosts are not listed',
  'no-beat': 'sweep does not run',
  settling: 'salvor has just started, and fences nobody',
  'watch-late': 'Nova is not looked at',
  clock: 'two clocks differ',
  disarmed: 'an operator has switched salvor off',
  incident: 'an incident stands still',
  'reporter-silent': 'a reporter has fallen silent',
  'reporter-unheard': 'a reporter of the policy was never heard',
  'dead-letters': 'messages failed too often',
  queue: 'the queues can not be looked at, or are full',
  parked: 'messages could not be acted on',
  channel: 'people can not be told by a channel',
  heartbeat: 'the heartbeat is withheld, or does not arrive',
  unreadable: 'something on record can not be read',
  policy: 'what the policy says may not be what is meant',
} as const;
export type What = keyof typeof WHAT;

/** What to do about each: the same table. */
export const REMEDY: { readonly [W in What]: string } = {
  'not-fenceable': 'ask the device with "salvor policy devices"; then mend its network, its account or its address',
  degraded: 'the same, for the level that is named: the others fence the host meanwhile',
  'credentials-refused': 'put the right account into the secrets file; it is read at each use',
  credentials: 'renew the account, and put the new one into the secrets file or clouds.yaml',
  certificate: 'renew it where it is shown; a pinned one in the policy too',
  'no-device': 'name one under fenceDevices, or let the segment prove death by watchdog',
  unbound: 'name the systemUuid in the policy: "salvor policy devices --pin" prints it',
  'not-asked': 'wait for survey.everySeconds',
  'survey-late': 'look in the log for what survey-devices fails at; sweep and the other schedules may stand too',
  unprotected: 'put the host into one segment, or leave it: nothing of it is fenced or evacuated',
  capacity: 'add hosts, move instances, or let less be protected: "salvor what-if --host" shows which',
  'forecast-late': 'look in the log for what mirror-instances fails at',
  'no-beat': 'see that salvor runs, and on AWS its schedules: without sweep lost messages are not made good for',
  settling: 'wait',
  'watch-late': 'see that Nova answers salvor; hosts without agents are not missed meanwhile',
  clock: 'set both by NTP',
  disarmed: '"salvor arm" when what it was for is over',
  incident: 'open the incident: it names what it waits for, and what may be asked',
  'reporter-silent': 'see that the monitor runs and reaches salvor',
  'reporter-unheard': 'connect it, or take it out of the policy',
  'dead-letters': 'read them with "salvor redrive", mend the cause, send them again',
  queue: 'see that salvor runs and keeps up; its log names what fails',
  parked: '"salvor parked" shows them: mend who sends them',
  channel: 'try it with "salvor notify test"; put a good key or address into its secret',
  heartbeat: 'mend what it names; or the address in its secret, if it does not arrive',
  unreadable: 'put it back from a backup, or see that no older salvor reads what a newer one wrote',
  policy: 'read the sentence against what you mean, and change the policy or leave it',
};

export const trouble = (what: What, about: string, says: string): Symptom => ({ level: 'trouble', what, about, says });
export const note = (what: What, about: string, says: string): Symptom => ({ level: 'note', what, about, says });

/** In words: "40 s", "12 min", "3 h", "2 days". */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
