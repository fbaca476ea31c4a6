import type { Policy, Segment } from '../policy.ts';

/** One question that must be answered with yes before a host is fenced, and the numbers it was answered with. */
export interface GateResult {
  readonly gate: GateName;
  readonly open: boolean;
  /** In a person's words, with every number that counted. */
  readonly because: string;
  /** Who let the host go on although it is closed, and why. */
  readonly released?: string;
}

export const GATES = [
  'nova-answers',
  'protected',
  'in-service',
  'segment-not-stopped',
  'armed',
  'fence-device',
  'kernel-dump',
  'settling',
  'reporters',
  'reporter-cliff',
  'nova-sees-it-down',
  'segment-storm',
  'segment-rate',
  'segment-cool-down',
  'global-storm',
  'global-rate',
  'global-cool-down',
  'failure-domain',
  'healthy-hosts',
  'observer',
  'dependencies',
] as const;
export type GateName = (typeof GATES)[number];

/** What the gates are asked under. `segment` is one of the policy's: the incident's. */
export interface Rules {
  readonly policy: Policy;
  readonly segment: Segment;
}

export const gate = (name: GateName, open: boolean, because: string): GateResult => ({ gate: name, open, because });

/** Whether it keeps the host from going on. */
export const isShut = ({ open, released }: GateResult): boolean => !open && released === undefined;
