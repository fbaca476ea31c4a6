/** What a drill is asked to do. */
export interface DrillOptions {
  readonly hosts: number;
  /** On the host that will die. */
  readonly instances: number;
  readonly graceSeconds: number;
  readonly evacuationSeconds: number;
  readonly fault: FaultName | undefined;
  readonly seed: number;
  /** Where the pipeline's state is kept for a look afterwards; forgotten if absent. */
  readonly stateDir?: string;
  /** The console is served there on 127.0.0.1, until somebody ends the drill; 0 for any free port. */
  readonly consolePort?: number | undefined;
  /** Awaited before the cloud and the pipeline are taken down. */
  readonly until?: () => Promise<void>;
}

export const DEFAULTS: DrillOptions = {
  hosts: 6,
  instances: 20,
  graceSeconds: 3,
  evacuationSeconds: 1.5,
  fault: undefined,
  seed: 1,
};

export const FAULT_NAMES = [
  'no-agents',
  'bmc-dead',
  'bmc-stuck',
  'bmc-slow',
  'already-off',
  'nova-503',
  'nova-timeout',
  'slow-evacuation',
  'spawn-fails',
  'host-comes-back',
  'host-powered-on',
  'duplicate-storm',
  'bad-input',
  'rack',
] as const;
export type FaultName = (typeof FAULT_NAMES)[number];
