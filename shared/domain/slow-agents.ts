import { type FenceEntry, LONGEST_CALL_SECONDS, levelsOf } from './policy-devices.ts';

/** A proof is as old as its reading took, and is renewed at half its age, which takes as long again. */
const PROOF_LASTS = 4;

/** What is wrong with a segment's proofs, where a fence agent may take longer than a call. */
export function proofFault(
  entries: Readonly<Record<string, FenceEntry>>,
  { proofMaxAgeSeconds }: { readonly proofMaxAgeSeconds: number },
): string | undefined {
  const times = Object.values(entries).flatMap((entry) =>
    levelsOf(entry)
      .flat()
      .map(({ timeoutSeconds }) => timeoutSeconds),
  );
  const slowest = Math.max(0, ...times);
  const needed = PROOF_LASTS * slowest;
  if (slowest <= LONGEST_CALL_SECONDS || proofMaxAgeSeconds >= needed) return undefined;
  return `with a fence agent that may take ${slowest} s a proof must be good for ${needed} s, as it is as old as its reading took`;
}
