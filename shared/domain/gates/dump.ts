import type { Dumping } from '../host.ts';
import type { Evidence } from './evidence.ts';
import { type GateResult, gate, type Rules } from './gate.ts';

/** `fence_kdump_send` says so every 10 s unless told otherwise: after three that do not come it has ended. */
const WORD_MS = 30_000;

/** A dump that is cut off by the power-off is lost. Its word is not authentic, so it is waited for a limited time only. */
export function dumpGate({ sinceMs, lastMs }: Dumping, { atMs }: Evidence, { segment }: Rules): GateResult {
  const { waitSeconds } = segment.dump;
  const seconds = (fromMs: number): number => Math.round((atMs - fromMs) / 1000);
  const goesOn = atMs - lastMs < WORD_MS;
  const mayWait = atMs - sinceMs < waitSeconds * 1000;
  return gate(
    'kernel-dump',
    !goesOn || !mayWait,
    `said to write a dump since ${seconds(sinceMs)} s, last ${seconds(lastMs)} s ago; it is waited for ${waitSeconds} s at most`,
  );
}
