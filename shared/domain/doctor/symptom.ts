/** Something that `salvor doctor` has found. */
export interface Symptom {
  /** `trouble`: somebody should do something. `note`: somebody should know it. */
  readonly level: 'trouble' | 'note';
  readonly what: What;
  /** The host, the queue, the segment; `salvor` for the whole of it. */
  readonly about: string;
  readonly says: string;
}

/** Every kind, with what it means: the table in docs/operating.md. */
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
  policy: 'what the policy says may not be what is meant',
} as const;
export type What = keyof typeof WHAT;

export const trouble = (what: What, about: string, says: string): Symptom => ({ level: 'trouble', what, about, says });
export const note = (what: What, about: string, says: string): Symptom => ({ level: 'note', what, about, says });

/** In words: "40 s", "12 min", "3 h", "2 days". */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`;
  return seconds < 2 * 86_400 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}
