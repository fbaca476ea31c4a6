import type { Scenario } from './scenario.ts';

/** A release counts for so long (docs/acting.md): what a switch holds for longer has outlived it. */
const RELEASED_MS = 900_000;

/** Seeds by what they have, for whoever looks for one thing only; each is played as it is among all others. */
export const AMONG = {
  /** Hosts with several fence devices. */
  levels: ({ policy }) => Object.values(policy.fenceDevices).some((entry) => 'levels' in entry),
  /** Hosts with two power supplies, whose outlets are switched. */
  outlets: ({ hosts }) => hosts.some(({ outlets }) => outlets !== undefined),
  watchdogs: ({ keepers }) => keepers !== undefined,
  /** People confirm that a host is off, and one of them is not enough. */
  'two-people': ({ policy, faults }) =>
    policy.segments.some(({ fencing }) => fencing?.confirmOff?.people === 2) &&
    faults.some(({ kind }) => kind === 'off-confirmed'),
  /** What is released is held for longer than the release counts. */
  'releases-outlived': ({ faults }) =>
    faults.some(
      ({ kind, host, forMs }) =>
        kind === 'service-seen-up' &&
        forMs > RELEASED_MS &&
        faults.some((other) => other.kind === 'released' && other.during === 'held' && other.host === host),
    ),
} as const satisfies Readonly<Record<string, (scenario: Scenario) => boolean>>;

export type Among = keyof typeof AMONG;

export const isAmong = (text: string): text is Among => Object.hasOwn(AMONG, text);
