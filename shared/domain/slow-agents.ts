import { allDevices, type FenceDeviceConfig, type FenceEntry, LONGEST_CALL_SECONDS } from './policy-devices.ts';

/** So long a request to a slow agent may lie in its worker's queue until it is begun. */
export const BEGUN_WITHIN_MS = 10_000;
/** For the answer's way back, once the program was cut off. */
export const ON_ITS_WAY_MS = 5_000;

/** A proof is as old as its reading took, and is renewed at half its age, which takes as long again. */
const PROOF_LASTS = 4;

/** What is wrong with a segment's proofs, where a fence agent may take longer than a call. */
export function proofFault(
  entries: Readonly<Record<string, FenceEntry>>,
  { proofMaxAgeSeconds }: { readonly proofMaxAgeSeconds: number },
): string | undefined {
  const slowest = slowestOf(allDevices(entries));
  const needed = PROOF_LASTS * slowest;
  if (slowest <= LONGEST_CALL_SECONDS || proofMaxAgeSeconds >= needed) return undefined;
  return `with a fence agent that may take ${slowest} s a proof must be good for ${needed} s, as it is as old as its reading took; that is for hosts that take longer to boot only, others need a faster device`;
}

/** What a policy with slow agents assumes of its hosts, for a person; undefined where it has none. */
export function proofNote(
  entries: Readonly<Record<string, FenceEntry>>,
  segments: readonly { readonly name: string; readonly fencing: { readonly proofMaxAgeSeconds: number } }[],
): string | undefined {
  const slowest = slowestOf(allDevices(entries));
  if (slowest <= LONGEST_CALL_SECONDS) return undefined;
  const proofs = segments.map(({ name, fencing }) => `${fencing.proofMaxAgeSeconds} s in segment ${name}`).join(', ');
  return `a fence agent may take ${slowest} s, so proofs are good for ${proofs}: each host must take longer than that to boot, or start no guest by itself`;
}

const slowestOf = (devices: readonly Pick<FenceDeviceConfig, 'timeoutSeconds'>[]): number =>
  Math.max(0, ...devices.map(({ timeoutSeconds }) => timeoutSeconds));

/** Until its answer is there, from when a slow device among these was asked, in ms; undefined: there is none. */
function takesMs(devices: readonly Pick<FenceDeviceConfig, 'timeoutSeconds'>[]): number | undefined {
  const slowest = slowestOf(devices);
  return slowest > LONGEST_CALL_SECONDS ? BEGUN_WITHIN_MS + slowest * 1000 + ON_ITS_WAY_MS : undefined;
}

/**
 * Until when a power-off of these devices may cut the power, whatever is read before (S2); undefined where none runs on
 * behind its call.
 * @param leavesByMs when the last request leaves at the latest
 */
export function offRunsUntilMs(
  devices: readonly Pick<FenceDeviceConfig, 'timeoutSeconds'>[],
  leavesByMs: number,
): number | undefined {
  const afterMs = takesMs(devices);
  return afterMs === undefined ? undefined : leavesByMs + afterMs;
}

/** A look that is due comes no later, also at a host that is looked at seldom; and what is asked for of it leaves. */
const FOUND_WITHIN_MS = 90_000;

/** So old, in ms, an answer that was kept may be when a host is switched on by it. */
export const keptAnswerCountsMs = (devices: readonly Pick<FenceDeviceConfig, 'timeoutSeconds'>[]): number =>
  (takesMs(devices) ?? 0) + FOUND_WITHIN_MS;
